using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Nouns;

/// <summary>What the real runtime wrote.</summary>
public class RealDataTests
{
    [Theory]
    [InlineData("zod", 925)]
    [InlineData("zod-epochs", 2074)]
    [InlineData("zod-3.5", 13)]
    public void Every_event_cues_and_jams_back_to_the_same_bytes(string name, int atLeast)
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, name), PierAccess.Offline);
        int seen = 0;
        foreach (PierEvent log in pier.Read(pier.Info.First, pier.Info.Last))
        {
            ReadOnlySpan<byte> jam = log.Payload.Span[4..];
            Assert.True(Jam.ToBytes(Cue.From(jam)).AsSpan().SequenceEqual(jam), $"Event {log.Number} jams to other bytes.");
            seen++;
        }
        Assert.InRange(seen, atLeast, int.MaxValue);
    }

    [Theory]
    [InlineData("ivory-2023-02-08.pill", "2a2274c9")]
    [InlineData("brass-2023-02-08.pill", "31f52f8a")]
    public void Pills_cue_and_jam_back_to_the_same_bytes(string pill, string mug)
    {
        byte[] jam = File.ReadAllBytes(Path.Combine(SharedData.Path, pill));
        Noun noun = Cue.From(jam);
        Assert.Equal(mug, noun.Mug.ToString("x8"));
        Assert.True(Jam.ToBytes(noun).AsSpan().SequenceEqual(jam));
    }

    [Fact]
    public void The_state_of_a_ship_has_the_kernel_that_vere_had()
    {
        byte[] jam = File.ReadAllBytes(Path.Combine(SharedData.Path, "zod/.urb/roc/599.jam"));
        Noun state = Cue.From(jam);
        Assert.Equal("arvo", Axis.Get(state, 2));
        Assert.Equal("76adbc01", Axis.Get(state, 6).Mug.ToString("x8"));
        Assert.True(Jam.ToBytes(state).AsSpan().SequenceEqual(jam));
        Assert.Equal(state, Cue.From(jam));
    }
}
