using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>When effects may leave, and in which order.</summary>
public sealed class GateTests
{
    private static readonly Term Third = new(3);

    [Theory]
    [InlineData(0, 7, 5, new ulong[] { 1, 2 }, 7)]
    [InlineData(1, 7, 5, new ulong[] { 4, 2 }, 4)]
    [InlineData(1, 7, 5, new ulong[] { 6, 2 }, 5)]
    [InlineData(2, 7, 5, new ulong[] { 6, 2 }, 2)]
    [InlineData(2, 7, 5, new ulong[] { 6 }, 0)]
    public void The_condition_of_each_optimism(int optimism, ulong durable, ulong committed, ulong[] processed, ulong limit) =>
        Assert.Equal(new EventNumber(limit), Gate.Limit(optimism, new(durable), new(committed), [.. processed.Select(static number => new EventNumber(number))]));

    [Fact]
    public void The_condition_is_what_its_definition_says() =>
        Gen.Select(Gen.Int[1, 4], Gen.ULong[0, 9], Gen.ULong[0, 9], Gen.ULong[0, 9].Array[0, 5]).Sample(static (optimism, durable, committed, processed) =>
        {
            ulong limit = Gate.Limit(optimism, new(durable), new(committed), [.. processed.Select(static number => new EventNumber(number))]).Value;
            for (ulong n = 1; n <= 10; n++)
                Assert.Equal(n <= committed && processed.Count(number => number >= n) >= optimism, n <= limit);
        });

    [Fact]
    public void A_replica_forgets_the_oldest_effects_where_they_have_too_many_bytes()
    {
        EffectBacklog backlog = new(10, 100);
        foreach (ulong number in (ulong[])[1, 2, 3])
            backlog.Add(new(number), [new Effect(new(number), 0, new byte[40])]);
        Assert.Equal([2ul, 3], backlog.Kept.Select(static kept => kept.Number.Value));
        Assert.Equal((80L, new EventNumber(1), true), (backlog.Bytes, backlog.Floor, backlog.HasForgotten));
        backlog.Add(new(4), [new Effect(new(4), 0, new byte[500])]); // one alone is kept, however large
        Assert.Equal([4ul], backlog.Kept.Select(static kept => kept.Number.Value));
        backlog.CutAfter(new(3));
        Assert.Equal(0, backlog.Bytes);
        backlog.Add(new(4), [new Effect(new(4), 0, new byte[5])]);
        backlog.ReleasedThrough(new(4));
        Assert.Equal((0L, false), (backlog.Bytes, backlog.HasForgotten));
    }

    [Fact]
    public void Effects_leave_in_order_and_once()
    {
        Gate gate = new(new(10));
        gate.Hold(new(11), Effects(11, 2));
        gate.Hold(new(12), []);
        gate.Hold(new(13), Effects(13, 1));
        Assert.Null(gate.Open(Third, new(10), new(10), 100));
        MemberOutput.Release first = Assert.IsType<MemberOutput.Release>(gate.Open(Third, new(12), new(12), 100));
        Assert.Equal((new EventNumber(12), Third, false), (first.Last, first.Term, first.Degraded));
        Assert.Equal([(11ul, 0), (11ul, 1)], first.Effects.Select(static effect => (effect.Number.Value, effect.Index)));
        Assert.Null(gate.Open(Third, new(13), new(13), 100)); // the first is still on its way
        Assert.Equal(new EventNumber(10), gate.Released);
        gate.Confirm(new(12));
        Assert.Equal(new EventNumber(12), gate.Released);
        Assert.Equal(new EventNumber(13), gate.Open(Third, new(13), new(13), 100)!.Last);
        gate.Confirm(new(13));
        Assert.Null(gate.Open(Third, new(13), new(13), 100));
    }

    [Fact]
    public void Events_without_effects_move_the_watermark_by_themselves()
    {
        Gate gate = new(EventNumber.None);
        Assert.Null(gate.Open(Third, new(4), new(4), 100));
        Assert.Equal(new EventNumber(4), gate.Released);
    }

    [Fact]
    public void A_large_release_is_cut_between_events()
    {
        Gate gate = new(EventNumber.None);
        for (ulong n = 1; n <= 5; n++)
            gate.Hold(new(n), Effects(n, 3));
        List<ulong> released = [];
        while (gate.Open(Third, new(5), new(5), 7) is { } release)
        {
            Assert.InRange(release.Effects.Count, 1, 7);
            released.AddRange(release.Effects.Select(static effect => effect.Number.Value));
            gate.Confirm(release.Last);
        }
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5], released);
        Assert.Equal(new EventNumber(5), gate.Released);
    }

    [Fact]
    public void What_leaves_beyond_the_strict_condition_is_marked()
    {
        Gate gate = new(EventNumber.None);
        gate.Hold(new(1), Effects(1, 1));
        Assert.True(gate.Open(Third, EventNumber.None, new(1), 100)!.Degraded);
    }

    private static Effect[] Effects(ulong number, int count) => [.. Enumerable.Range(0, count).Select(index => new Effect(new(number), index, new byte[] { 1 }))];
}
