using Seguro.Core;
using Seguro.Harbor.Reading;

namespace Seguro.Harbor.Writing;

/// <summary>Removes what retention no longer asks for: segments whose events a snapshot stands for, and snapshots that newer ones of the same day, week or month stand for. Never what a restore would need.</summary>
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
        if (verification.Left.Count > 0 || reader.Useful.Count() != 1)
        {
            throw new SeguroException(
                ErrorCode.HarborIncomplete, $"nothing is removed from a harbor that is damaged: {string.Join("; ", verification.Left.Take(4))}", "Repair it with `seguro harbor verify --repair`, then prune.");
        }
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
        IReadOnlyList<SegmentObject> path = copy.Index.Path;
        List<string> objects = [];
        for (int i = 0; i + 1 < path.Count && path[i + 1].First <= floor.Next; i++)
            objects.Add(path[i].Name);
        HashSet<string> kept = [.. path.Select(static one => one.Name)];
        objects.AddRange(copy.Index.All.Where(one => !kept.Contains(one.Name)).Select(static one => one.Name)); // merged ones took their place
        HashSet<EventNumber> keptSnapshots = KeptSnapshots(snapshots, floor, horizon, now);
        objects.AddRange(copy.Index.Snapshots.Where(one => !keptSnapshots.Contains(one.Event)).Select(static one => one.Name));
        return new PrunePlan(copy.Target, objects, floor);
    }

    /// <summary>Removes the objects of a plan, segments from the oldest on, so that an end in the middle leaves a log without a hole.</summary>
    public static async Task RunAsync(HarborReader reader, PrunePlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(plan);
        HarborCopy copy = reader.Useful.Single(one => one.Target == plan.Target);
        foreach (string name in plan.Objects)
            await copy.Folder.DeleteAsync(name, cancel);
    }

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
}
