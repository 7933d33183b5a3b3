using Microsoft.Extensions.Time.Testing;
using Seguro.Node.Members;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Node.Members;

public sealed class SuspectOvaTests : IDisposable
{
    private const uint Digest = 0x1234_5678;
    private readonly TemporaryFolder _folder = new("suspects");
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_process_that_ends_while_it_computes_is_a_witness_against_the_ovum_and_two_are_enough()
    {
        for (int life = 0; life < 2; life++)
        {
            using SuspectOva suspects = Open("m1");
            Assert.Equal(life, suspects.Own.Count);
            Assert.False(suspects.IsSetAside(Digest));
            suspects.Begin(Digest);
        }
        using (SuspectOva suspects = Open("m1"))
        {
            Assert.Equal(2, suspects.Own.Select(static one => one.Witness).Distinct().Count());
            Assert.True(suspects.IsSetAside(Digest));
            Assert.False(suspects.IsSetAside(Digest + 1));
            Assert.Contains("12345678", Assert.Single(suspects.Warnings), StringComparison.Ordinal);
            suspects.Begin(Digest + 1);
            suspects.End();
        }
        using (SuspectOva suspects = Open("m1"))
        {
            Assert.True(suspects.IsSetAside(Digest));
            Assert.Equal(2, suspects.Own.Count);
            suspects.Clear(Digest); // an event came of it somewhere
            Assert.False(suspects.IsSetAside(Digest));
        }
        using SuspectOva last = Open("m1");
        Assert.Empty(last.Own);
    }

    [Fact]
    public void A_computation_that_takes_long_is_told_before_it_takes_anybody_down()
    {
        using SuspectOva first = Open("m1");
        using SuspectOva second = Open("m2");
        using SuspectOva third = Open("m3");
        foreach (SuspectOva master in (SuspectOva[])[first, second])
        {
            master.Begin(Digest);
            Assert.False(master.Look(TimeSpan.FromSeconds(1)));
            _time.Advance(TimeSpan.FromSeconds(1.5));
            Assert.True(master.Look(TimeSpan.FromSeconds(1)));
            Assert.False(master.Look(TimeSpan.FromSeconds(1))); // it is no news any more
        }
        Suspicion told = Assert.Single(first.Own);
        Assert.Equal(told, Suspicion.Parse(told.ToString()));
        third.Hear("m1", told);
        third.Hear("m1", told);
        third.Hear("m2", told); // of another it may say nothing
        Assert.False(third.IsSetAside(Digest));
        Assert.Empty(third.Own);
        third.Hear("m2", Assert.Single(second.Own));
        Assert.True(third.IsSetAside(Digest));
    }

    [Fact]
    public void Only_the_newest_are_kept_and_nonsense_is_passed_over()
    {
        using SuspectOva suspects = Open("m1");
        for (uint i = 1; i <= 2 * SuspectOva.Most; i++)
        {
            suspects.Hear("m2", new Suspicion(i, "m2@1"));
            suspects.Hear("m3", new Suspicion(i, "m3@1"));
        }
        Assert.Equal(SuspectOva.Most / 2, suspects.Warnings.Count);
        Assert.True(suspects.IsSetAside(2 * SuspectOva.Most));
        foreach (string line in (string[])["", "x", "12345678", "12345678 m1", "1234567g m1@1", "00000000 m1@1", "12345678 @1", "12345678 m1@1 more"])
            Assert.Null(Suspicion.Parse(line));
        Assert.False(suspects.IsSetAside(0));
    }

    public void Dispose() => _folder.Dispose();

    private SuspectOva Open(string member) => SuspectOva.Open(_folder[member], member, _time);
}
