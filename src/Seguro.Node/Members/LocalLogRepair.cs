using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Members;

/// <summary>A member's own log that was damaged and lies aside: the member begins a new one, and is rebuilt from store and peers as one with an empty disk is.</summary>
/// <param name="Aside">The folder in the quarantine where it lies, with a report.</param>
/// <param name="Damage">What was found.</param>
/// <param name="Until">Where the cluster's log ended: the repair is done when the new log reaches there.</param>
sealed record LocalLogRepair(string Aside, string Damage, EventNumber Until)
{
    /// <summary>What status says until the member has all again.</summary>
    public string Warning => $"This member's own log was damaged and is rebuilt from the cluster, up to event {Until} at least. The damaged one lies in {Aside}.";

    /// <summary>Opens a member's own log; a damaged one is moved aside before, where the cluster has all that it may hold.</summary>
    /// <exception cref="SeguroException">As <see cref="LocalLog.OpenAsync"/>; <see cref="ErrorCode.Corrupt"/>: it is damaged, and may hold what nobody else has. Nothing was moved.</exception>
    public static async Task<(LocalLog Log, LocalLogRepair? Repair)> OpenAsync(MemberHostOptions options, CancellationToken cancel)
    {
        string folder = FolderOf(options);
        LocalLogRepair? repair = null;
        if (DamageMark.Read(folder) is { } marked)
        {
            repair = marked.Aside is { } aside ? new LocalLogRepair(aside, marked.Found, marked.Until)
                : Directory.Exists(options.Pier) ? await MoveAsideAsync(options, marked.Found, cancel)
                : await GoOnAsync(options, marked.Found, cancel);
        }
        LocalLog local;
        try
        {
            local = await OpenOnceAsync(options, cancel);
        }
        catch (DamagedLogException damage)
        {
            repair = await MoveAsideAsync(options, damage.Message, cancel);
            local = await OpenOnceAsync(options, cancel);
        }
        return (local, repair?.IsDone(folder, local.Head.Number) is true ? null : repair);
    }

    /// <summary>Has the new log all that the old one had to have? Then the mark goes.</summary>
    /// <param name="folder">The member's folder.</param>
    /// <param name="durable">Where the new log ends.</param>
    public bool IsDone(string folder, EventNumber durable)
    {
        if (durable < Until)
            return false;
        DamageMark.Remove(folder);
        return true;
    }

    /// <summary>The folder of the member whose pier it is.</summary>
    public static string FolderOf(MemberHostOptions options) => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Pier)))!;

    private static async Task<LocalLog> OpenOnceAsync(MemberHostOptions options, CancellationToken cancel)
    {
        if (options.Identity is { } own)
        {
            ImportedMark.Refuse(options.Pier, own, mark =>
                $"Go on with the cluster there. Where that one is given up, and no cluster computes the ship from it, now or later: `seguro pier import {options.Pier} --store URL --instead`, with this cluster's store.");
        }
        LocalLog local = await LocalLog.OpenAsync(options.Pier, options.Store.Ship, options.Store.Stored.ReadMetadataAsync, options.Member.Candidate, options.Time, cancel);
        try
        {
            if (options.Vere is not null)
                await OwnShip.PutPendingAsync(local, FolderOf(options), options); // of a life that was killed
            ImportedMark.Remove(options.Pier); // the member's own mark says more from now on
            return local;
        }
        catch
        {
            await local.DisposeAsync();
            throw;
        }
    }

    /// <summary>It was moved aside, and the process ended before it could say where to.</summary>
    private static async Task<LocalLogRepair> GoOnAsync(MemberHostOptions options, string damage, CancellationToken cancel)
    {
        LocalLogRepair repair = new($"{Path.Combine(FolderOf(options), "quarantine")}, or where you moved it", damage, (await options.Store.ReadStateAsync(cancel)).Head.Number);
        DamageMark.WriteMoved(FolderOf(options), repair.Aside, repair.Until, damage);
        return repair;
    }

    private static async Task<LocalLogRepair> MoveAsideAsync(MemberHostOptions options, string damage, CancellationToken cancel)
    {
        if (Pier.FindHolder(options.Pier) is { IsHeld: true } hold)
            throw new SeguroException(ErrorCode.PierLocked, $"the damaged pier {options.Pier} is held by process {hold.ProcessId}", "Stop that process first: only this member may use its pier.");
        Evidence? known = EvidenceFile.Read(FolderOf(options));
        LogState state = await options.Store.ReadStateAsync(cancel);
        Optimism optimism = ClusterSettingsCodec.Read(await options.Store.Stored.ReadMetadataAsync(cancel)).Optimism ?? options.Member.InitialOptimism;
        Refuse(options, damage, WhatMayBeLost(options, known, state, optimism));
        string[] facts =
        [
            $"member {options.Member.Name}: its own log was damaged and was moved here; the member made a new one from the cluster",
            $"found: {damage}",
            $"highest term known: {known?.Term.ToString() ?? "not recorded"}; its log {(known is { MayBeAhead: false } ? "had nothing but what was committed" : "may have ended with events that only this member had")}",
            $"the cluster's log then: events {state.First} to {state.Head.Number} in the store, chain {state.Head.Chain}",
        ];
        // Marked before it is moved: who starts the member next must not take it for one that begins with an empty disk.
        DamageMark.Write(FolderOf(options), damage);
        string aside = await QuarantineFolder.MoveAsync(Path.Combine(FolderOf(options), "quarantine"), options.Time.GetUtcNow(), "damaged-log", facts, options.Pier, cancel);
        options.Log.LogWarning("This member's own log is damaged: {Damage}. It was moved to {Folder}; a new one is made from the cluster.", damage, aside);
        DamageMark.WriteMoved(FolderOf(options), aside, state.Head.Number, damage);
        return new LocalLogRepair(aside, damage, state.Head.Number);
    }

    /// <summary>What of it nobody else may have; <see langword="null"/> where the cluster has all.</summary>
    private static string? WhatMayBeLost(MemberHostOptions options, Evidence? known, LogState state, Optimism optimism)
    {
        // A replica's log has nothing but what is committed. A master's may end with more, and at optimism 0 its effects may be out.
        if (known is not { MayBeAhead: false } && optimism.Replicas == 0)
            return "its end may be events whose effects are out and that nobody else has: this member was master, or its record of that is lost, and optimism is 0";
        return options.Member.Members.Count == 1 && state.Base.Number != EventNumber.None
            ? $"it is the only place of the events up to {state.Base.Number}: the store has those after it, and there is no other member"
            : null;
    }

    private static void Refuse(MemberHostOptions options, string damage, string? lost)
    {
        if (lost is null)
            return;
        throw new SeguroException(
            ErrorCode.Corrupt,
            $"the own log of member {options.Member.Name} is damaged, and {lost} (found: {damage})",
            $"Nothing was moved. If those events matter, look for a copy of the disk first. To go on without them: mv {options.Pier} {options.Pier}.damaged, and start the member again; it makes a new log from the cluster.");
    }
}
