using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Simulation;

/// <summary>What a seed gives must be the same everywhere, for ever: else a seed that is written down says nothing.</summary>
public sealed class SimulationRandomTests
{
    [Fact]
    public void A_stream_is_the_same_for_ever()
    {
        SimulationRandom random = new(1, "plan");
        Assert.Equal([0x33a5e2d10998d73f, 0xf607d7602fdbc93f, 0x1f5fa2e86760826c], Enumerable.Range(0, 3).Select(_ => random.Next()));
    }

    [Fact]
    public void Streams_of_other_names_and_seeds_differ()
    {
        ulong first = new SimulationRandom(1, "plan").Next();
        Assert.NotEqual(first, new SimulationRandom(1, "ties").Next());
        Assert.NotEqual(first, new SimulationRandom(2, "plan").Next());
    }

    [Fact]
    public void Draws_keep_within_their_bounds_and_reach_them()
    {
        SimulationRandom random = new(3, "bounds");
        HashSet<int> below = [.. Enumerable.Range(0, 1000).Select(_ => random.Below(7))];
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], below.Order());
        HashSet<long> between = [.. Enumerable.Range(0, 1000).Select(_ => random.Between(-2, 2))];
        Assert.Equal([-2, -1, 0, 1, 2], between.Order());
        Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => random.Chance(0.3)), 2700, 3300);
    }
}
