using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Configuration;
using Seguro.Node.Members;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Node.Startup;

/// <summary>Builds a new dqlite cluster of one node from a member's local log, after more than half of the old nodes were lost for ever.</summary>
/// <remarks>
/// The new database has another name and other addresses than the old one, so that what is left of the old one can't meddle: a node that wakes on its old data finds none of its own kind.
/// Nothing is deleted: the old node's folder is moved aside.
/// </remarks>
public static class ClusterRecovery
{
    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(3);

    /// <summary>How many payload bytes the new database is given: a part of its window.</summary>
    public static long WindowOf(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.StoreWindow / 4;
    }

    /// <summary>Refuses a store that is not the members' own to build.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Unsupported"/>.</exception>
    public static void Check(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (!configuration.IsEmbedded)
            throw new SeguroException(ErrorCode.Unsupported, "the store is not the members' own dqlite", "Restore that database by its own means, or import a member's log into a new one: seguro pier import FOLDER/pier --store URL.");
    }

    /// <summary>A new cluster can't be built with this configuration: its node would not form one, or what is left of the old database could meddle with it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: what the old node's folder says of itself can't be read.</exception>
    public static bool NeedsOtherSettings(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        string marker = Path.Combine(configuration.Folder, "dqlite", "seguro-node.json");
        if (configuration.Self.Id != 1 || !File.Exists(marker))
            return true;
        using JsonDocument old = Parse(marker);
        return Text(old, "cluster") == configuration.Database || Text(old, "address") == configuration.Self.Dqlite.ToString();
    }

    /// <summary>Makes a member that was not recovered itself one of the recovered cluster: its old node's folder is moved aside, so that it begins with an empty one.</summary>
    /// <param name="configuration">The new cluster's.</param>
    /// <returns>Where the old node's folder is now; <see langword="null"/> where there was none, or it is the new cluster's already.</returns>
    public static string? Follow(NodeConfiguration configuration)
    {
        Check(configuration);
        // Else its node might form one more cluster.
        ClusterFormation.Forbid(configuration.Folder);
        string marker = Path.Combine(configuration.Folder, "dqlite", "seguro-node.json");
        if (File.Exists(marker))
        {
            using JsonDocument old = Parse(marker);
            if (Text(old, "cluster") == configuration.Database)
                return null;
        }
        return MoveNodeAside(configuration.Folder);
    }

    /// <summary>Builds it: moves the old node's folder aside, forms a cluster of one node, fills its database, and ends the node again.</summary>
    /// <param name="configuration">The new cluster's.</param>
    /// <param name="source">The log that it is filled with.</param>
    /// <param name="effects">What the members knew of effects.</param>
    /// <param name="term">Terms go on above this one, so that whoever knew it takes the new masters for what they are.</param>
    /// <param name="cancel">Ends it; then it is to be run again with other settings once more.</param>
    /// <returns>Where the old node's folder is now; <see langword="null"/> where there was none.</returns>
    /// <exception cref="SeguroException">What the parts say; what was moved stays moved.</exception>
    public static async Task<string?> BuildAsync(NodeConfiguration configuration, SurvivingLog source, ClusterSettings effects, Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(source);
        Check(configuration);
        if (NeedsOtherSettings(configuration))
            throw new ArgumentException("It is that of the old database.", nameof(configuration));
        EventLog old = source.Log ?? throw new ArgumentException("There is no log.", nameof(source));
        string? aside = MoveNodeAside(configuration.Folder);
        ClusterFormation.Allow(configuration.Folder, DateTimeOffset.UtcNow);
        using ClusterCertificates certificates = ClusterCertificates.Load(configuration.Certificates);
        await using EmbeddedDqlite node = await EmbeddedDqlite.StartAsync(
            configuration, certificates, new MemberAccess(configuration).List, new StartWaiting(static _ => { }, TimeProvider.System), NullLogger.Instance, cancel)
            .WaitAsync(StartTime, cancel);
        StoreUrl url = StoreUrl.Parse($"dqlite://{configuration.Self.Dqlite}");
        await using IStore store = await StoreConnection.OpenAsync(url, new StoreOptions { Create = true, Certificates = configuration.Certificates, Window = configuration.StoreWindow }, cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await old.Stored.ReadMetadataAsync(cancel);
        PierMetadata.Read(configuration.Ship, metadata);
        Dictionary<string, ReadOnlyMemory<byte>> identity = metadata.Where(static pair => pair.Key is MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life).ToDictionary(StringComparer.Ordinal);
        foreach ((string key, ReadOnlyMemory<byte> value) in ClusterSettingsCodec.Write(effects))
            identity[key] = value;
        // A database that is filled half-way is nobody's to go on with.
        byte[] begun = new ImportMark(IsComplete: false, source.Head?.Number ?? EventNumber.None).ToBytes();
        identity[MetadataKey.Import] = begun;
        await using EventLog log = new(await store.CreateLogAsync(configuration.Ship, source.WindowStart, identity, cancel), store.Capabilities);
        await LostEvents.RaiseAsync(log, term, cancel);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "recover", LeaseDuration, BootClock.Instance, cancel);
        await FillAsync(old, log, lease, source, cancel);
        // Nothing of it is another runtime's but what the members' own record says.
        await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Import, begun, new ImportMark(IsComplete: true, EventNumber.None).ToBytes(), cancel);
        return aside;
    }

    private static async Task FillAsync(EventLog old, EventLog log, WriterLease lease, SurvivingLog source, CancellationToken cancel)
    {
        const long Group = 4 << 20;
        Position end = source.Head!.Value;
        Position reached = source.WindowStart;
        List<ReadOnlyMemory<byte>> group = [];
        long size = 0;
        if (end.Number > reached.Number)
        {
            await foreach (Event read in old.ReadAsync(source.State!.Value, reached.Number.Next, end.Number, cancel))
            {
                group.Add(read.Payload.ToArray());
                size += read.Payload.Length;
                if (size >= Group || group.Count >= 1000)
                    await AppendAsync();
            }
            if (group.Count > 0)
                await AppendAsync();
        }
        if (reached != end)
            throw new SeguroException(ErrorCode.Corrupt, $"the new database ends at {reached}, and the log at {end}", "Run the command again with another folder in --log.");

        async Task AppendAsync()
        {
            AppendResult result = await log.AppendAsync(lease.Term, reached, group, cancel);
            if (!result.IsCommitted)
                throw new SeguroException(ErrorCode.OutcomeUnknown, $"events after {reached.Number} were not written: {result.Outcome}", "Run the command again.");
            reached = result.Reached;
            group.Clear();
            size = 0;
        }
    }

    /// <summary>Moves a dqlite node's folder, and the record that it was started, aside; nothing is deleted.</summary>
    /// <param name="folder">The member's.</param>
    /// <returns>Where it is now; <see langword="null"/> where there was none.</returns>
    public static string? MoveNodeAside(string folder)
    {
        string node = Path.Combine(folder, "dqlite");
        string started = Path.Combine(folder, EmbeddedDqlite.StartedFile);
        string? aside = null;
        if (Directory.Exists(node))
        {
            for (int number = 1; aside is null || Directory.Exists(aside); number++)
                aside = $"{node}.lost-{number}";
            Directory.Move(node, aside);
        }
        if (File.Exists(started))
            File.Move(started, aside is null ? started + ".lost" : Path.Combine(aside, EmbeddedDqlite.StartedFile), overwrite: true);
        return aside;
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            throw new SeguroException(ErrorCode.Corrupt, $"{path} is not what a node writes there", "Move the node's folder away by hand, then run the command again.", error);
        }
    }

    private static string? Text(JsonDocument document, string name) => document.RootElement.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
