using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Piers.LocalLogs;
using Seguro.Stores;

namespace Seguro.Node.Members;

/// <summary>
/// The two ways on for a cluster that stands still since its store lost what it confirmed: what was lost is put back from this member's local log, or it is given up. Both write in a term
/// above every one that is known, so that all others find what came before them outdated; the members then go on by themselves.
/// </summary>
/// <remarks>Safe to be repeated after any failure. For one call at a time.</remarks>
static class LostEvents
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(3);
    private const int MostEvents = 1000;
    private const long MostBytes = 4L << 20;

    /// <summary>Appends to the store what it lost.</summary>
    /// <param name="store">The log that lost it.</param>
    /// <param name="local">The local log that has it.</param>
    /// <param name="status">What this member knows; it stands still.</param>
    /// <param name="cancel">Ends it; what was put back stays.</param>
    /// <returns>The store's head now.</returns>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.Diverged"/>: other events took their place; <see cref="ErrorCode.UnsafeSettings"/>: there is nothing to put back here;
    /// what the store throws.
    /// </exception>
    public static async Task<Position> PutBackAsync(EventLog store, LocalLog local, MemberStatus status, CancellationToken cancel)
    {
        RefuseWell(status);
        if (status.EverCommitted.Number > status.Proven.Number)
        {
            throw new SeguroException(
                ErrorCode.UnsafeSettings, $"{status.Name} has proof of its own up to event {status.Proven.Number}, and event {status.EverCommitted.Number} was committed",
                "Run the command with the configuration of the member that has it: `seguro status` shows each member's durable event.");
        }
        await using WriterLease lease = await TakeAsync(store, status.Term, cancel);
        LogState state = await store.ReadStateAsync(cancel);
        Position reached = state.Head.Position;
        if (await local.ReadChainAsync(reached.Number, cancel) is { } chain && chain != reached.Chain)
        {
            throw new SeguroException(
                ErrorCode.Diverged, $"the store's log has other events than {status.Name}'s up to {reached.Number}: what it lost has no place there any more",
                $"Give up what was lost (seguro cluster accept-loss), or begin a new database from this member's log (seguro pier import its pier folder --store URL).");
        }
        // All of it: a master keeps what it knows to be confirmed at the pace of renewals, and effects of what was confirmed since may be out. What was never confirmed does no harm.
        EventNumber end = status.Durable.Number;
        while (reached.Number < end)
        {
            IReadOnlyList<Event> events = await local.ReadAsync(reached, end, MostEvents, MostBytes, cancel)
                ?? throw new SeguroException(ErrorCode.Trimmed, $"the local log of {status.Name} begins above event {reached.Number}", "Run the command with the configuration of a member whose log reaches back to it.");
            if (events.Count == 0)
                break;
            AppendResult result = await store.AppendEventsAsync(lease.Term, reached, events, cancel);
            if (!result.IsCommitted)
                throw new SeguroException(ErrorCode.OutcomeUnknown, $"the events after {reached.Number} were not put back: {result.Outcome}", "Repeat the command.");
            reached = result.Reached;
        }
        await RememberAsync(store, lease.Term, new ClusterSettings(null, null, status.Released, History: status.History), cancel);
        return reached;
    }

    /// <summary>What the store forgot of effects: else its next master would take for history what was not released yet.</summary>
    private static async Task RememberAsync(EventLog store, Term term, ClusterSettings known, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> there = await store.Stored.ReadMetadataAsync(cancel);
        foreach ((string key, ReadOnlyMemory<byte> value) in ClusterSettingsCodec.Write(known))
        {
            if (!there.ContainsKey(key) && await store.Stored.SetMetadataAsync(term, key, null, value, cancel) is not WriteOutcome.Committed)
                throw new SeguroException(ErrorCode.OutcomeUnknown, $"the metadata '{key}' was not put back", "Repeat the command.");
        }
    }

    /// <summary>Declares the store's log to be the cluster's, whatever was committed before: every member puts aside what it has beyond it.</summary>
    /// <returns>The term in which that was said.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.UnsafeSettings"/>: nothing is lost here; what the store throws.</exception>
    public static async Task<Term> AcceptAsync(EventLog store, MemberStatus status, CancellationToken cancel)
    {
        RefuseWell(status);
        await using WriterLease lease = await TakeAsync(store, status.Term, cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await store.Stored.ReadMetadataAsync(cancel);
        ReadOnlyMemory<byte>? before = metadata.TryGetValue(MetadataKey.Accepted, out ReadOnlyMemory<byte> found) ? found : (ReadOnlyMemory<byte>?)null;
        WriteOutcome outcome = await store.Stored.SetMetadataAsync(lease.Term, MetadataKey.Accepted, before, Encoding.ASCII.GetBytes(lease.Term.ToString()), cancel);
        return outcome is WriteOutcome.Committed
            ? lease.Term
            : throw new SeguroException(ErrorCode.OutcomeUnknown, $"the loss was not accepted: {outcome}", "Repeat the command.");
    }

    /// <summary>Lets terms go on above one, by campaigns one after the other: that is what all stores can do.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.OutcomeUnknown"/>.</exception>
    public static async Task RaiseAsync(EventLog log, Term above, CancellationToken cancel)
    {
        const int Attempts = 5;
        string candidate = string.Create(CultureInfo.InvariantCulture, $"recover@{Guid.NewGuid():N}");
        Lease lease = (await log.ReadStateAsync(cancel)).Lease;
        for (int unknown = 0; lease.Term < above;)
        {
            switch (await log.Stored.CampaignAsync(lease, candidate, LeaseDuration, cancel))
            {
                case LeaseOutcome.Done done:
                    lease = done.Lease;
                    unknown = 0;
                    break;
                case LeaseOutcome.Unknown when ++unknown < Attempts:
                    break;
                case var outcome:
                    throw new SeguroException(ErrorCode.OutcomeUnknown, $"the term of the log could not be raised to {above}: {outcome}", "Run the command again.");
            }
        }
        if (lease.IsHeld)
            await log.Stored.ResignAsync(lease, cancel);
    }

    private static async Task<WriterLease> TakeAsync(EventLog store, Term above, CancellationToken cancel)
    {
        // Whoever holds the lease and is alive is not to be deposed by this.
        await using (await WriterLease.AcquireAsync(store, "recover", LeaseDuration, BootClock.Instance, cancel))
        {
        }
        await RaiseAsync(store, above, cancel);
        return await WriterLease.AcquireAsync(store, "recover", LeaseDuration, BootClock.Instance, cancel);
    }

    private static void RefuseWell(MemberStatus status)
    {
        if (status.Loss is null)
            throw new SeguroException(ErrorCode.UnsafeSettings, $"{status.Name} does not stand still for a store that lost what it confirmed", "Look at `seguro status`: there is nothing to do.");
    }
}
