using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Writing;
using Seguro.Piers.Transfer;

namespace Seguro.Harbor.Reading;

/// <summary>Reads every object of every target, names what is damaged or missing, and writes it again from a target that has it.</summary>
public static class HarborVerify
{
    /// <summary>Reads all.</summary>
    /// <param name="reader">The harbors.</param>
    /// <param name="host">Signs what is repaired; <see langword="null"/>: nothing is changed.</param>
    /// <param name="progress">Told how far it is: events of one target after the other, bytes of objects.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>What was found, and whether it was mended.</returns>
    /// <exception cref="SeguroException">What targets throw while something is repaired.</exception>
    public static async Task<HarborVerification> RunAsync(
        HarborReader reader, HostKey? host, IProgress<TransferProgress>? progress, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        List<(HarborCopy Copy, Hole Hole)> holes = [];
        Dictionary<(string Target, string Name), (Manifest Manifest, long Bytes)> segments = [];
        long bytes = 0;
        long total = reader.Useful.Sum(static copy => copy.Bytes);
        foreach (HarborCopy copy in reader.Useful)
        {
            await foreach (Hole hole in FindAsync(reader, copy, segments, size => progress?.Report(new TransferProgress(TransferStep.Comparing, 0, 0, bytes += size, total)), cancel))
                holes.Add((copy, hole));
        }
        int repaired = 0;
        List<HarborDamage> left = [];
        foreach ((HarborCopy copy, Hole hole) in holes)
        {
            if (host is null || hole.First == EventNumber.None)
            {
                left.Add(hole.Damage);
                continue;
            }
            try
            {
                await RepairAsync(reader, copy, hole, host, time, cancel);
                repaired++;
            }
            catch (SeguroException failed) when (failed.Code is ErrorCode.HarborIncomplete or ErrorCode.ObjectLocked)
            {
                left.Add(hole.Damage);
            }
        }
        // What was found on opening, where nothing could be looked into any more.
        left.AddRange(reader.Copies.Where(static copy => copy.Problem is not null).Select(static copy => new HarborDamage(copy.Target, "", copy.Problem!.Message)));
        return new HarborVerification([.. holes.Select(static hole => hole.Hole.Damage)], left, repaired, bytes) { Segments = segments };
    }

    private static async IAsyncEnumerable<Hole> FindAsync(
        HarborReader reader, HarborCopy copy, Dictionary<(string Target, string Name), (Manifest Manifest, long Bytes)> segments, Action<long> done,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Position? reached = copy.Base;
        EventNumber next = copy.Base.Number.Next;
        IReadOnlyList<SegmentObject> path = copy.Index.Path;
        // A harbor that was pruned begins with a snapshot; one that was not begins where the others do.
        if (copy.Base.Number > reader.Base.Number && !copy.Snapshots.Any(one => one >= copy.Base.Number))
            yield return Missing(copy, reader.Base.Number.Next, copy.Base.Number);
        for (int i = 0; i < path.Count; i++)
        {
            SegmentObject segment = path[i];
            if (segment.First > next)
                yield return Missing(copy, next, segment.First.Previous);
            EventNumber end = segment.Last ?? (i + 1 < path.Count ? path[i + 1].First.Previous : copy.Last > segment.First ? copy.Last : reader.Head.Number);
            (Manifest? manifest, string? problem) = await OpenAsync(reader, copy, segment.Name, segment.Size, segments, cancel);
            done(segment.Size);
            if (manifest is not null && segment.First == next && reached is { } before && before.Chain != manifest.Before)
                problem = "its events are of another history than those before it";
            if (problem is not null)
            {
                yield return new Hole(Told(reader, copy, segment.Name, problem), segment.Name, segment.First < next ? next : segment.First, end);
                (reached, next) = (null, end >= next ? end.Next : next);
                continue;
            }
            if (manifest!.Last >= next)
                (reached, next) = (manifest.End, manifest.Last.Next);
        }
        if (next <= reader.Head.Number)
            yield return new Hole(Told(reader, copy, ObjectName.Segment(next), $"missing: another target goes on to event {reader.Head.Number}"), null, next, reader.Head.Number);
        foreach (SnapshotObject snapshot in copy.Index.Snapshots)
        {
            (_, string? problem) = await OpenAsync(reader, copy, snapshot.Name, snapshot.Size, null, cancel);
            done(snapshot.Size);
            if (problem is not null)
                yield return new Hole(Told(reader, copy, snapshot.Name, problem), snapshot.Name, EventNumber.None, EventNumber.None);
        }

        Hole Missing(HarborCopy at, EventNumber first, EventNumber last) =>
            new(Told(reader, at, ObjectName.Segment(first), $"missing: the events {first} to {last}") with { Lacks = new HarborGap(first, last) }, null, first, last);
    }

    private static HarborDamage Told(HarborReader reader, HarborCopy copy, string name, string what)
    {
        HarborDamage damage = new(copy.Target, name, what);
        reader.Found(damage);
        return damage;
    }

    private static async Task<(Manifest? Manifest, string? Problem)> OpenAsync(
        HarborReader reader, HarborCopy copy, string name, long size, Dictionary<(string Target, string Name), (Manifest Manifest, long Bytes)>? segments, CancellationToken cancel)
    {
        try
        {
            using OpenedObject opened = await Task.Run(() => copy.Folder.OpenAsync(name, size, reader.Owner, cancel), cancel);
            segments?.TryAdd((copy.Target, name), (opened.Manifest, opened.Content.Length));
            return (opened.Manifest, null);
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            return (null, bad.Message);
        }
    }

    /// <summary>Writes the events of a hole again. They are read, whole, before the bad object goes.</summary>
    private static async Task RepairAsync(HarborReader reader, HarborCopy copy, Hole hole, HostKey host, TimeProvider time, CancellationToken cancel)
    {
        if (hole.First > hole.Last)
        {
            await copy.Folder.DeleteAsync(hole.Object!, cancel); // what it stood for is in the segment before it
            return;
        }
        EventLog log = HarborLog.Open(reader);
        LogState whole = await log.ReadStateAsync(cancel);
        Position start = hole.First == whole.First ? whole.Base : await log.ReadPositionAsync(hole.First.Previous, cancel);
        Position end = await log.ReadPositionAsync(hole.Last, cancel);
        LogState state = whole with { Head = new Head(Term.None, end.Number, end.Chain) };
        await foreach (EventFragment piece in log.StreamAsync(state, hole.First, hole.Last, cancel))
            _ = piece; // all of it can be had
        if (hole.Object is { } bad)
            await copy.Folder.DeleteAsync(bad, cancel);
        HarborWriter writer = new(copy.Folder.Target, host, reader.Ship, new BackupOptions { Time = time });
        for (Position reached = start; reached.Number < end.Number;)
            reached = await writer.AppendAsync(log, state, reached, static _ => { }, cancel);
    }

    private sealed record Hole(HarborDamage Damage, string? Object, EventNumber First, EventNumber Last);
}
