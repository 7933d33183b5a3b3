using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>What a replica heard and has not seen in the log.</summary>
public sealed class IngressTests
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(10);

    [Fact]
    public void What_is_in_the_log_is_not_made_an_event_again()
    {
        Ingress ingress = new(100, Age);
        ingress.Hear(Datagram(1), TimeSpan.Zero);
        ingress.Hear(Datagram(2), TimeSpan.Zero);
        ingress.SeenInLog(1, TimeSpan.Zero);
        Assert.Equal([2u], ingress.Take(10).Select(static ovum => ovum.Digest));
    }

    [Fact]
    public void The_event_may_come_before_its_datagram()
    {
        Ingress ingress = new(100, Age);
        ingress.SeenInLog(1, TimeSpan.Zero);
        ingress.Hear(Datagram(1), TimeSpan.Zero);
        Assert.Equal(0, ingress.Count);
        ingress.Hear(Datagram(1), TimeSpan.Zero); // sent again by the peer: another ovum
        Assert.Equal(1, ingress.Count);
    }

    [Fact]
    public void Heard_and_seen_are_counted_against_each_other_in_any_order() =>
        Gen.Select(Gen.UInt[1, 4], Gen.Bool).Array[0, 60].Sample(static steps =>
        {
            Ingress ingress = new(1000, Age);
            foreach ((uint digest, bool isHeard) in steps)
            {
                if (isHeard)
                    Assert.True(ingress.Hear(Datagram(digest), TimeSpan.Zero));
                else
                    ingress.SeenInLog(digest, TimeSpan.Zero);
            }
            List<Ovum> left = ingress.Take(1000);
            for (uint digest = 1; digest <= 4; digest++)
            {
                // By pairs: as many are left as were heard more often than seen.
                int expected = Math.Max(0, steps.Count(step => step == (digest, true)) - steps.Count(step => step == (digest, false)));
                Assert.Equal(expected, left.Count(ovum => ovum.Digest == digest));
            }
        });

    [Fact]
    public void It_is_bounded_in_number_and_in_age()
    {
        Ingress ingress = new(2, Age);
        Assert.True(ingress.Hear(Datagram(1), TimeSpan.Zero));
        Assert.True(ingress.Hear(Datagram(2), TimeSpan.FromSeconds(5)));
        Assert.False(ingress.Hear(Datagram(3), TimeSpan.FromSeconds(5)));
        Assert.Equal(0, ingress.Expire(TimeSpan.FromSeconds(11), keepHeard: true));
        Assert.Equal(1, ingress.Expire(TimeSpan.FromSeconds(11), keepHeard: false));
        Assert.Equal([2u], ingress.Take(10).Select(static ovum => ovum.Digest));
        ingress.SeenInLog(7, TimeSpan.FromSeconds(11));
        ingress.Expire(TimeSpan.FromSeconds(22), keepHeard: true);
        ingress.Hear(Datagram(7), TimeSpan.FromSeconds(22)); // the credit is forgotten: a datagram this late is another one
        Assert.Equal(1, ingress.Count);
    }

    [Fact]
    public void Ova_that_only_the_master_has_are_not_matched()
    {
        Ingress ingress = new(10, Age);
        ingress.Hear(new Ovum(new byte[] { 1 }, default), TimeSpan.Zero);
        ingress.SeenInLog(0, TimeSpan.Zero);
        Assert.Equal(1, ingress.Count);
    }

    private static Ovum Datagram(uint digest) => new(new byte[] { (byte)digest }, default, digest);
}
