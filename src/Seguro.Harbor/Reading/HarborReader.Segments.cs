using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Seguro.Core;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Reading;

public sealed partial class HarborReader
{
    /// <summary>So many segments are got and opened while one is used.</summary>
    private const int Ahead = 2;

    /// <summary>So many times one target is listed again: a prune makes one merged segment after the other, and each may be what is read next.</summary>
    private const int MostLists = 64;

    /// <summary>The segments that hold the events <paramref name="from"/> … <paramref name="to"/>, each standing at the first event that was not in the one before.</summary>
    /// <remarks>A segment is valid until the next is asked for.</remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HarborIncomplete"/>, with all that was tried; <see cref="ErrorCode.Diverged"/>: what follows is of another history.</exception>
    internal async IAsyncEnumerable<OpenedObject> ReadAsync(EventNumber from, EventNumber to, [EnumeratorCancellation] CancellationToken cancel)
    {
        HarborCopy preferred = Useful.First();
        Position? reached = from == Base.Number.Next ? Base : null;
        EventNumber next = from;
        FolderIndex index = preferred.Index;
        int place = index.PlaceOf(from);
        Queue<Task<OpenedObject?>> ahead = new();
        OpenedObject? current = null;
        OpenedObject? later = null;
        try
        {
            while (next <= to)
            {
                if (index != preferred.Index)
                {
                    index = preferred.Index; // it was listed again
                    place = index.PlaceOf(next);
                    later?.Dispose();
                    later = null;
                    await LetGoAsync(ahead);
                }
                while (ahead.Count < Ahead + 1 && place < index.Path.Count && index.Path[place].First <= to)
                    ahead.Enqueue(OpenAheadAsync(preferred, index.Path[place++], cancel));
                OpenedObject? opened = later;
                later = null;
                if (opened is null && ahead.TryDequeue(out Task<OpenedObject?>? task))
                    opened = await task;
                if (opened is not null && opened.Manifest.Last < next)
                {
                    opened.Dispose(); // another target's segment went further
                    continue;
                }
                if (opened is null || opened.Manifest.First > next)
                {
                    later = opened;
                    if (opened is null && ahead.Count > 0)
                    {
                        // The one that failed may have been behind what is asked for; those ahead tell how far others are needed.
                        opened = await ahead.Dequeue();
                        if (opened is not null && opened.Manifest.First <= next && opened.Manifest.Last >= next)
                            later = null;
                        else
                            (later, opened) = (opened, null);
                    }
                    else
                    {
                        if (opened is not null)
                            Found(new HarborDamage(preferred.Target, ObjectName.Segment(next), $"missing: the next object begins with event {opened.Manifest.First}"));
                        opened = null;
                    }
                    opened ??= await OpenElsewhereAsync(next, reached, cancel);
                }
                current?.Dispose();
                current = opened;
                if (!StandsAt(opened, next, reached))
                {
                    Found(new HarborDamage(preferred.Target, ObjectName.Segment(opened.Manifest.First), "its events are of another history than those before it"));
                    current = await OpenElsewhereAsync(next, reached, cancel);
                    opened.Dispose();
                    StandsAt(current, next, reached);
                }
                yield return current;
                reached = current.Manifest.End;
                next = reached.Value.Number.Next;
            }
        }
        finally
        {
            current?.Dispose();
            later?.Dispose();
            await LetGoAsync(ahead);
        }
    }

    private static async Task LetGoAsync(Queue<Task<OpenedObject?>> ahead)
    {
        while (ahead.TryDequeue(out Task<OpenedObject?>? task))
        {
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.IsCompletedSuccessfully)
                (await task)?.Dispose();
        }
    }

    /// <summary>The chain after an event.</summary>
    internal async Task<Chain> ReadChainAsync(EventNumber number, CancellationToken cancel)
    {
        if (number == Base.Number)
            return Base.Chain;
        if (number == Head.Number)
            return Head.Chain;
        using OpenedObject opened = await OpenElsewhereAsync(number, null, cancel);
        return ChainAt(opened, number);
    }

    /// <summary>Opens the segment with an event from the first target that has it whole and, where that is known, of the same history.</summary>
    internal async Task<OpenedObject> OpenElsewhereAsync(EventNumber number, Position? reached, CancellationToken cancel)
    {
        foreach (HarborCopy copy in Useful)
        {
            FolderIndex index;
            do
            {
                index = copy.Index;
                if (await OpenAmongAsync(copy, index, number, reached, cancel) is { } opened)
                    return opened;
            }
            while (index != copy.Index); // what was listed again may have it under another name
        }
        throw new SeguroException(
            ErrorCode.HarborIncomplete,
            $"no target has event {number} of {Ship} whole{(_damage.Count == 0 ? "" : $": {string.Join("; ", _damage.Take(8))}")}",
            $"Name more targets. What comes before that event can be restored with --to{(FirstAfter(number) is { } behind ? $", what follows the gap with --from {behind}" : "")}.");
    }

    private EventNumber? FirstAfter(EventNumber number) =>
        Useful.SelectMany(static copy => copy.Index.Path).Where(one => one.First > number).Select(static one => (EventNumber?)one.First).Min();

    private async Task<OpenedObject?> OpenAmongAsync(HarborCopy copy, FolderIndex index, EventNumber number, Position? reached, CancellationToken cancel)
    {
        bool isNamed = false;
        foreach (SegmentObject candidate in index.Covering(number))
        {
            isNamed = true;
            if (IsDamaged(copy, candidate))
                continue;
            if (await OpenAsync(copy, candidate, cancel) is not { } opened)
                continue;
            if (opened.Manifest.Last >= number && StandsAt(opened, number, reached))
                return opened;
            if (opened.Manifest.Last < number && number <= copy.Last)
                Found(new HarborDamage(copy.Target, ObjectName.Segment(opened.Manifest.Last.Next), $"missing: {candidate.Name} ends with event {opened.Manifest.Last}"));
            opened.Dispose();
        }
        if (!isNamed && number <= copy.Last)
            Found(new HarborDamage(copy.Target, ObjectName.Segment(number), "missing"));
        return null;
    }

    private bool IsDamaged(HarborCopy copy, SegmentObject segment)
    {
        lock (_damage)
            return _damage.Any(one => one.Target == copy.Target && one.Name == segment.Name);
    }

    private Task<OpenedObject?> OpenAheadAsync(HarborCopy copy, SegmentObject segment, CancellationToken cancel) => Task.Run(() => OpenAsync(copy, segment, cancel), CancellationToken.None);

    private async Task<OpenedObject?> OpenAsync(HarborCopy copy, SegmentObject segment, CancellationToken cancel)
    {
        try
        {
            return await copy.Folder.OpenAsync(segment.Name, segment.Size, _owner, cancel);
        }
        catch (SeguroException bad) when (IsDamage(bad) || bad.Code is ErrorCode.HarborUnavailable or ErrorCode.AccessDenied or ErrorCode.FileAccess)
        {
            if (bad.Code is not ErrorCode.NotFound || !await IsPrunedAsync(copy, segment, cancel))
                Found(new HarborDamage(copy.Target, segment.Name, bad.Message));
            return null;
        }
    }

    /// <summary>
    /// An object that was listed is gone: somebody prunes meanwhile, perhaps. The target is listed again; true where the object is not there any
    /// more, and another may have its events.
    /// </summary>
    private Task<bool> IsPrunedAsync(HarborCopy copy, SegmentObject gone, CancellationToken cancel)
    {
        lock (_listing) // one after the other: those that are read ahead may all be gone
        {
            Task<bool> asked = IsPrunedAsync(_listed, copy, gone, cancel);
            _listed = asked;
            return asked;
        }
    }

    private static async Task<bool> IsPrunedAsync(Task before, HarborCopy copy, SegmentObject gone, CancellationToken cancel)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        try
        {
            if (!copy.Index.Has(gone.Name))
                return true; // it was listed again for another one
            if (copy.ListedAgain++ == MostLists)
                return false;
            FolderIndex now = await copy.Folder.ReadIndexAsync(cancel);
            if (now.Has(gone.Name))
                return false;
            copy.Index = now;
            return true;
        }
        catch (SeguroException)
        {
            return false; // nor can it be listed
        }
    }

    /// <summary>Puts a segment at an event, and says whether the events before it are those that were read.</summary>
    private static bool StandsAt(OpenedObject opened, EventNumber next, Position? reached)
    {
        Chain before = next == opened.Manifest.First ? opened.Manifest.Before : ChainAt(opened, next.Previous);
        if (next == opened.Manifest.First)
            opened.Content.Position = 0;
        return reached is not { } known || known.Chain == before;
    }

    /// <summary>The chain after one of a segment's events; the segment then stands behind it.</summary>
    private static Chain ChainAt(OpenedObject opened, EventNumber number)
    {
        byte[] piece = new byte[64 << 10];
        using ChainHasher hasher = new();
        Position at = opened.Manifest.Start;
        opened.Content.Position = 0;
        while (at.Number < number)
        {
            opened.Content.ReadExactly(piece.AsSpan(0, OpenedObject.RecordHead));
            long left = (long)BinaryPrimitives.ReadUInt64LittleEndian(piece.AsSpan(sizeof(ulong)));
            hasher.Begin(at.Chain, at.Number.Next, left);
            for (; left > 0;)
            {
                Span<byte> part = piece.AsSpan(0, (int)Math.Min(left, piece.Length));
                opened.Content.ReadExactly(part);
                hasher.Add(part);
                left -= part.Length;
            }
            at = new Position(at.Number.Next, hasher.End());
        }
        return at.Chain;
    }
}
