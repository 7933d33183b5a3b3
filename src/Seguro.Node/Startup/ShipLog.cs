using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Nock.Kernels;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Node.Startup;

/// <summary>Opens the cluster's log of the ship, with patience: a cluster comes up one by one.</summary>
static class ShipLog
{
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(3);

    /// <summary>Opens the store. It may be away for as long as it likes.</summary>
    public static Task<IStore> OpenStoreAsync(NodeConfiguration configuration, AccessList access, StartWaiting waiting, CancellationToken cancel)
    {
        StoreUrl url = StoreUrl.Parse(configuration.StoreUrl);
        StoreOptions options = new()
        {
            Create = true,
            Certificates = configuration.Certificates,
            Access = access,
            Window = configuration.StoreWindow,
            AllowUnsafeSettings = configuration.AllowUnsafeSettings,
        };
        return waiting.ForAsync($"the store {url}", async () => await StoreConnection.OpenAsync(url, options, cancel), cancel);
    }

    /// <summary>Which store it is, with the same patience.</summary>
    public static Task<StoreIdentity> ReadIdentityAsync(IStore store, StartWaiting waiting, CancellationToken cancel) =>
        waiting.ForAsync("the store", () => store.ReadIdentityAsync(cancel).AsTask(), cancel);

    /// <summary>Opens the ship's log; an opaque ship's, or one with the demo kernel, is begun by the first of the members.</summary>
    /// <remarks>A log that others put into the store is waited for, until all of it is there.</remarks>
    public static async Task<(EventLog Log, PierIdentity Identity)> OpenAsync(IStore store, NodeConfiguration configuration, StartWaiting waiting, CancellationToken cancel)
    {
        bool imports = configuration.Members[0] == configuration.Self && configuration.Kernel == NodeConfiguration.Pier;
        bool begins = configuration.Members[0] == configuration.Self && (configuration.ShipKind is ShipKind.Opaque || configuration.Kernel == NodeConfiguration.Demo);
        string certificates = configuration.IsEmbedded ? " --certificates CLIENT" : "";
        string next = begins || configuration.Kernel is NodeConfiguration.Demo or NodeConfiguration.Pier
            ? $"member {configuration.Members[0].Name} begins it"
            : $"put it there: seguro pier import PIER --store {StoreUrl.Parse(configuration.StoreUrl)}{certificates}, or seguro ship boot PILL --fake {configuration.Ship} --store … for a new fake ship";
        return await waiting.ForAsync(
            $"the log of {configuration.Ship}, all of it",
            async () =>
            {
                if (imports)
                    await ImportOwnAsync(store, configuration, cancel);
                return await TryAsync(store, configuration, begins, cancel) ?? throw new SeguroException(ErrorCode.StoreUnavailable, next, "It is waited for.");
            },
            cancel);
    }

    /// <summary>
    /// Refuses a server whose failover could lose what it called committed, where effects are to wait for commits: the optimism in force counts, else the configured one.
    /// </summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.UnsafeSettings"/>.</exception>
    public static async Task RefuseUnsafeAsync(StoreCapabilities capabilities, EventLog log, NodeConfiguration configuration, CancellationToken cancel)
    {
        if (StoreUrl.Parse(configuration.StoreUrl).Kind.Form is not StoreForm.Server || capabilities.IsReplicated || configuration.AllowUnsafeSettings)
            return;
        Optimism optimism = ClusterSettingsCodec.Read(await log.Stored.ReadMetadataAsync(cancel)).Optimism ?? configuration.Optimism;
        if (optimism.Replicas >= 1)
        {
            throw new SeguroException(
                ErrorCode.UnsafeSettings,
                $"a commit in {StoreUrl.Parse(configuration.StoreUrl)} is {capabilities.CommitMeans}, and optimism {optimism.Replicas} lets effects out on the strength of it",
                "Give the server a synchronous standby (synchronous_standby_names; under Patroni synchronous_mode and synchronous_mode_strict); or take the risk by name: allowUnsafeSettings.");
        }
    }

    /// <summary>Puts the log of this member's own pier into the store, where the store has none of the ship, or only a part of it.</summary>
    private static async Task ImportOwnAsync(IStore store, NodeConfiguration configuration, CancellationToken cancel)
    {
        if (await store.OpenLogAsync(configuration.Ship, cancel) is { } stored)
        {
            await using (stored)
            {
                if (ImportMark.Read(await stored.ReadMetadataAsync(cancel)) is not { IsComplete: false })
                    return;
            }
        }
        using Pier pier = Pier.Open(Path.Combine(configuration.Folder, "pier"), PierAccess.Offline);
        if (ShipName.ToShip(pier.Info.Identity.Who) != configuration.Ship)
            throw new SeguroException(ErrorCode.ForeignShip, $"the pier {pier.Info.Path} is that of {ShipName.ToShip(pier.Info.Identity.Who)}, and the cluster's ship is {configuration.Ship}", "Put the ship's own pier there, or set ship:name.");
        await using EventLog log = await PierImport.OpenLogAsync(pier, store, cancel);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "import", LeaseDuration, BootClock.Instance, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        try
        {
            await PierImport.RunAsync(pier, store, log, lease.Term, progress: null, TimeProvider.System, both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SeguroException(ErrorCode.StoreUnavailable, $"the lease of {log.Ship} was lost in the middle of the import", "It is tried again, and goes on where it stopped.");
        }
    }

    private static async Task<(EventLog Log, PierIdentity Identity)?> TryAsync(IStore store, NodeConfiguration configuration, bool begins, CancellationToken cancel)
    {
        IStoredLog? stored = await store.OpenLogAsync(configuration.Ship, cancel);
        if (stored is null)
        {
            if (!begins)
                return null;
            uint formulas = configuration.ShipKind is ShipKind.Nock ? (uint)DemoKernel.Life : 1;
            PierIdentity identity = new(ShipName.Parse(configuration.Ship.Name), configuration.Fake, formulas);
            stored = await store.CreateLogAsync(configuration.Ship, Position.Origin, PierMetadata.Write(identity), cancel);
        }
        EventLog log = new(stored, store.Capabilities);
        try
        {
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await stored.ReadMetadataAsync(cancel);
            RefuseOtherVersion(metadata, configuration);
            PierIdentity identity = PierMetadata.Read(configuration.Ship, metadata);
            if (identity.IsFake != configuration.Fake)
                throw new SeguroException(ErrorCode.ForeignShip, $"the log of {configuration.Ship} is that of a {(identity.IsFake ? "fake" : "real")} ship", "Set ship:fake as the log says, or use another store.");
            bool isWhole = ImportMark.Read(metadata) is not { IsComplete: false };
            if (isWhole && (configuration.ShipKind is ShipKind.Opaque || (await log.ReadStateAsync(cancel)).Head.Number.Value >= identity.Life))
                return (log, identity);
            if (begins)
            {
                // In one group: the boot is there whole, or not at all.
                await using WriterLease lease = await WriterLease.AcquireAsync(log, "boot", LeaseDuration, BootClock.Instance, cancel);
                LogState state = await log.ReadStateAsync(cancel);
                if (state.Head.Number != EventNumber.None)
                    throw new SeguroException(ErrorCode.Corrupt, $"the log of {configuration.Ship} ends at event {state.Head.Number}, within its boot of {identity.Life} events", "Begin with another store.");
                AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, DemoKernel.BootPayloads(), cancel);
                if (!result.IsCommitted)
                    throw new SeguroException(ErrorCode.StoreUnavailable, $"the boot of {configuration.Ship} was not committed: {result.Outcome}", "It is tried again.");
                return (log, identity);
            }
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
        await log.DisposeAsync();
        return null;
    }

    /// <summary>A cluster whose members all speak a newer protocol may rest on it: an older member must not come back to it.</summary>
    private static void RefuseOtherVersion(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, NodeConfiguration configuration)
    {
        if (!metadata.TryGetValue(MetadataKey.Protocol, out ReadOnlyMemory<byte> value))
            return;
        string text = Encoding.ASCII.GetString(value.Span);
        MemberVersion own = configuration.HoldsMany ? MemberVersion.OfNodes : MemberVersion.Own;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int inForce) && inForce >= own.Lowest && inForce <= own.Highest)
            return;
        if (inForce == MemberVersion.OfNodes.Lowest && !configuration.HoldsMany)
        {
            throw new SeguroException(
                ErrorCode.OtherVersion,
                $"{configuration.Ship} is held by nodes that hold many ships (protocol 2): its lease names a node's, and {configuration.Self.Name} would renew one of its own",
                "Let those nodes hold it; or copy its log into another store first: seguro log copy.");
        }
        throw new SeguroException(
            ErrorCode.OtherVersion, $"the cluster's members speak protocol {text}, and Seguro {own.Software} speaks {own.Lowest} to {own.Highest}", "Install the Seguro that the other members run: `seguro cluster list` on one of them says which.");
    }
}
