using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;

namespace Seguro.Harbor.Writing;

/// <summary>
/// Removes what retention no longer asks for: segments whose events a snapshot stands for, and snapshots that newer ones of the same day, week or
/// month stand for. Never what a restore would need.
/// </summary>
public static class HarborPrune
{
    private const int Days = 7, Weeks = 5, Months = 12;

    /// <summary>Says what would be removed, and proves first that it is not needed: every object that is kept was just read whole.</summary>
    /// <param name="reader">One harbor, opened and verified.</param>
    /// <param name="verification">What the verification found.</param>
    /// <param name="retention">What is to be kept.</param>
    /// <param name="now">The time now.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HarborIncomplete"/>: the harbor is damaged, so nothing of it is removed.</exception>
    public static async Task<PrunePlan> PlanAsync(HarborReader reader, HarborVerification verification, Retention retention, DateTimeOffset now, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(verification);
        ArgumentNullException.ThrowIfNull(retention);
        if (reader.Useful.Count() != 1)
            throw Damaged(verification.Left);
        HarborCopy copy = reader.Useful.First();
        DateTimeOffset horizon = now - retention.Events;
        List<(EventNumber Event, DateTimeOffset Time)> snapshots = [];
        foreach (EventNumber number in copy.Snapshots.Order())
        {
            SnapshotObject one = copy.Index.Snapshots.First(snapshot => snapshot.Event == number);
            snapshots.Add((number, (await copy.Folder.ReadManifestAsync(one.Name, reader.Owner.Signer, cancel)).Time));
        }
        // Every event after this one is kept: from here each moment since the horizon can be computed.
        EventNumber floor = snapshots.Where(one => one.Time <= horizon).Select(static one => one.Event).DefaultIfEmpty(EventNumber.None).Max();
        // A gap that nobody can close is no reason to keep all for ever, once there is a state behind it from which everything that is kept is computed.
        HarborDamage[] damaged = [.. verification.Left.Where(one => one.Lacks is not { } gap || gap.Last > floor)];
        if (damaged.Length > 0)
            throw Damaged(damaged);
        IReadOnlyList<SegmentObject> path = copy.Index.Path;
        List<string> objects = [];
        int stays = 0;
        for (; stays + 1 < path.Count && path[stays + 1].First <= floor.Next; stays++)
            objects.Add(path[stays].Name);
        HashSet<string> kept = [.. path.Select(static one => one.Name)];
        objects.AddRange(copy.Index.All.Where(one => !kept.Contains(one.Name)).Select(static one => one.Name)); // merged ones took their place
        HashSet<EventNumber> keptSnapshots = KeptSnapshots(snapshots, floor, horizon, now);
        objects.AddRange(copy.Index.Snapshots.Where(one => !keptSnapshots.Contains(one.Event)).Select(static one => one.Name));
        return new PrunePlan(copy.Target, objects, floor, HarborMerge.Plan(copy, stays, verification));
    }

    /// <summary>Removes the objects of a plan, segments from the oldest on, so that an end in the middle leaves a log without a hole; then merges.</summary>
    /// <param name="reader">The harbor that the plan is for.</param>
    /// <param name="plan">What is to be done.</param>
    /// <param name="host">Signs what is merged; <see langword="null"/>: nothing is merged.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it; what is there is whole, and running it again goes on.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the key is another host's; as <see cref="HarborMerge"/> and the target.</exception>
    public static async Task<PruneResult> RunAsync(HarborReader reader, PrunePlan plan, HostKey? host, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(plan);
        HarborCopy copy = reader.Useful.Single(one => one.Target == plan.Target);
        if (host is not null && ObjectName.Folder(host.Signer.PublicKey, reader.Ship) != copy.Folder.Id)
            throw new SeguroException(ErrorCode.BadValue, $"{host.Path} is not the key that made this backup: what it would sign, nobody could read as {reader.Ship}'s", "Name the host's key file that `seguro harbor key new` made together with this identity.");
        Removal removal = new(copy.Folder, copy.Index);
        foreach (string name in plan.Objects)
            await removal.RemoveAsync(name, removal.IsRead(name), cancel);
        int merged = 0;
        foreach (PlannedMerge merge in host is null ? [] : plan.Merges)
        {
            await HarborMerge.MakeAsync(reader, copy, merge, host!, time, cancel);
            merged++;
            foreach (string name in merge.Objects)
                await removal.RemoveAsync(name, isRead: false, cancel); // the merged one is read
        }
        return new PruneResult(removal.Removed, merged, removal.Locked, removal.Why);
    }

    private static SeguroException Damaged(IEnumerable<HarborDamage> damaged) => new(
        ErrorCode.HarborIncomplete, $"nothing is removed from a harbor that is damaged: {string.Join("; ", damaged.Take(4))}", "Repair it with `seguro harbor verify --repair`, then prune.");

    private static HashSet<EventNumber> KeptSnapshots(List<(EventNumber Event, DateTimeOffset Time)> snapshots, EventNumber floor, DateTimeOffset horizon, DateTimeOffset now)
    {
        HashSet<EventNumber> kept = [.. snapshots.Where(one => one.Event >= floor || one.Time > horizon).Select(static one => one.Event)];
        Keep(Days, static time => time.UtcDateTime.Date.Ticks, 1);
        Keep(Weeks, static time => time.UtcDateTime.Date.AddDays(-(int)time.UtcDateTime.DayOfWeek).Ticks, 7);
        Keep(Months, static time => (time.UtcDateTime.Year * 12) + time.UtcDateTime.Month, 31);
        return kept;

        void Keep(int count, Func<DateTimeOffset, long> period, int days)
        {
            foreach (IGrouping<long, (EventNumber Event, DateTimeOffset Time)> group in snapshots.Where(one => one.Time > now.AddDays(-(double)count * days)).GroupBy(one => period(one.Time)))
                kept.Add(group.Max(static one => one.Event));
        }
    }

    /// <summary>Removes one object after the other. Where the bucket keeps a segment that is read, none that follows it goes either: there would be a hole.</summary>
    private sealed class Removal(HarborFolder folder, FolderIndex index)
    {
        private readonly HashSet<string> _path = [.. index.Path.Select(static one => one.Name)];
        private bool _isPathKept;

        public int Removed { get; private set; }

        public List<string> Locked { get; } = [];

        public string? Why { get; private set; }

        public bool IsRead(string name) => _path.Contains(name);

        public async Task RemoveAsync(string name, bool isRead, CancellationToken cancel)
        {
            try
            {
                if (isRead && _isPathKept)
                {
                    Locked.Add(name);
                    return;
                }
                await folder.DeleteAsync(name, cancel);
                Removed++;
            }
            catch (SeguroException locked) when (locked.Code is ErrorCode.ObjectLocked)
            {
                Locked.Add(name);
                Why ??= locked.Message;
                _isPathKept |= isRead;
            }
        }
    }
}
