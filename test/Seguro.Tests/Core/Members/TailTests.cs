using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>Events in memory, compared with a plain list.</summary>
public sealed class TailTests
{
    [Fact]
    public void It_is_a_list_with_a_moving_beginning() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12], Gen.Int[0, 30]).Array[0, 80].Sample(static steps =>
        {
            Tail tail = new(new Position(new(5), ChainOf(5)));
            List<Event> list = [];
            ulong first = 5;
            ulong next = 6;
            foreach ((int kind, int amount, int bytes) in steps)
            {
                switch (kind)
                {
                    case 0 or 1:
                        Event added = new(new(next), new byte[bytes], ChainOf(next));
                        tail.Add(added);
                        list.Add(added);
                        next++;
                        break;
                    case 2:
                        ulong keep = Math.Max(first, next - 1 - Math.Min(next - 1, (ulong)amount));
                        tail.CutAfter(new(keep));
                        list.RemoveAll(held => held.Number.Value > keep);
                        next = keep + 1;
                        break;
                    default:
                        tail.Shrink(new(first + 3), amount, 1000);
                        while (list.Count > amount && list[0].Number.Value <= first + 3)
                        {
                            list.RemoveAt(0);
                        }
                        first = next - 1 - (ulong)list.Count;
                        break;
                }
                Assert.Equal(first, tail.Start.Number.Value);
                Assert.Equal(ChainOf(first), tail.Start.Chain);
                Assert.Equal(next - 1, tail.End.Number.Value);
                Assert.Equal(list.Sum(static held => (long)held.Payload.Length), tail.Bytes);
                Assert.Equal(list.Count, tail.Count);
                Assert.Equal(list.Select(static held => held.Number), tail.Take(tail.Start.Number, tail.End.Number, int.MaxValue, long.MaxValue).Select(static held => held.Number));
            }
        });

    [Fact]
    public void Positions_are_known_from_the_start_to_the_end()
    {
        Tail tail = new(new Position(new(5), ChainOf(5)));
        tail.Add(new Event(new(6), new byte[3], ChainOf(6)));
        Assert.False(tail.TryGetPosition(new(4), out _));
        Assert.True(tail.TryGetPosition(new(5), out Position start) && start.Chain == ChainOf(5));
        Assert.True(tail.TryGetPosition(new(6), out Position end) && end == tail.End);
        Assert.False(tail.TryGetPosition(new(7), out _));
        Assert.Throws<InvalidOperationException>(() => tail.Add(new Event(new(8), default, default)));
    }

    [Fact]
    public void A_group_keeps_within_its_bounds_but_has_one_event_at_least()
    {
        Tail tail = new(Position.Origin);
        for (ulong n = 1; n <= 5; n++)
            tail.Add(new Event(new(n), new byte[100], ChainOf(n)));
        Assert.Equal([1, 2], tail.Take(EventNumber.None, new(5), 9, 250).Select(static held => held.Number.Value));
        Assert.Equal([3], tail.Take(new(2), new(5), 9, 1).Select(static held => held.Number.Value));
        Assert.Equal([4, 5], tail.Take(new(3), new(99), 9, 999).Select(static held => held.Number.Value));
        Assert.Empty(tail.Take(new(5), new(5), 9, 999));
    }

    private static Chain ChainOf(ulong number) => ChainHasher.Of(Chain.Zero, new(number), []);
}
