using Seguro.Core;

namespace Seguro.Piers;

/// <summary>Counts the events of an environment as they pass, in order, and refuses holes and values that are no events.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="smallest">The least bytes that an event has: 5 where vere is to read it, 0 in a store, whose payloads are opaque.</param>
internal sealed class EventSurvey(string path, int smallest)
{
    /// <summary>The least that an event of a pier has: its mug and one byte of jam.</summary>
    public const int SmallestEvent = 5;

    public ulong First { get; private set; }

    public ulong Last { get; private set; }

    public ulong Count { get; private set; }

    /// <summary>The sum of the sizes of the events that were seen one by one.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes the events of the next leaf, from <paramref name="from"/> on.</summary>
    public void See(LmdbPage leaf, int from = 0)
    {
        for (int index = from; index < leaf.Count; index++)
        {
            LmdbNode node = leaf[index];
            See(leaf.NumberOf(node), node.Size);
        }
    }

    /// <summary>Takes all events by the ends of their table and their count, without their sizes.</summary>
    public void SeeEnds(ulong first, ulong last, ulong count)
    {
        if (first == 0)
            throw NumberZero();
        if (last < first || last - first != count - 1)
            throw PierFault.Holes(path, new EventNumber(first), new EventNumber(last), count);
        (First, Last, Count) = (first, last, count);
    }

    private void See(ulong number, uint size)
    {
        if (Count == 0)
            First = number;
        else if (number != Last + 1)
            throw PierFault.Gap(path, new EventNumber(Last + 1), new EventNumber(number));
        if (number == 0)
            throw NumberZero();
        if (size < smallest)
        {
            throw new SeguroException(
                ErrorCode.BadEvent,
                $"event {number} in {path} has {size} bytes; an event has at least {SmallestEvent}: a mug and a jammed noun",
                "Restore the pier from a backup, or export it from a store anew.");
        }
        Last = number;
        Count++;
        Bytes += size;
    }

    private SeguroException NumberZero() =>
        new(ErrorCode.BadEvent, $"{path} holds an event with the number 0", "Events count from 1: this is no log of a vere. Restore the pier from a backup.");
}
