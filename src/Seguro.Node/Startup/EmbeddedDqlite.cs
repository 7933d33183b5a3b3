using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Startup;

/// <summary>The dqlite node that a member runs beside itself, in a process of its own.</summary>
/// <remarks>
/// Whether a node forms a cluster, joins one, or was there before is never guessed from what can be reached. The first member forms the cluster when it is told so by name, once: by the file
/// <see cref="ClusterFormation.File"/> in its folder, which <c>seguro cluster init</c> makes and the start removes. The others join. After the first success <see cref="StartedFile"/>
/// says that there must be data; an empty folder is then a lost disk.
/// </remarks>
public sealed class EmbeddedDqlite : IAsyncDisposable
{
    /// <summary>In a member's folder: its node is part of a cluster. Holds its number and the cluster's name.</summary>
    public const string StartedFile = "dqlite-started";

    private static readonly TimeSpan StartTime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AccessList _access;

    private EmbeddedDqlite(DqliteNodeProcess process, AccessList access)
    {
        Process = process;
        _access = access;
        access.Changed += ApplyAccess;
        Process.SetAccess(access.Record); // it may have changed since the process began
    }

    /// <summary>The process and its supervisor.</summary>
    public DqliteNodeProcess Process { get; }

    /// <summary>Starts the node, and returns when it is a voter of the cluster. Waits for the others for as long as it takes.</summary>
    /// <param name="configuration">The member's.</param>
    /// <param name="certificates">The cluster's; not owned.</param>
    /// <param name="access">Who is let in; the node follows it.</param>
    /// <param name="waiting">How it waits.</param>
    /// <param name="log">Hears which node takes whose place.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LostDisk"/>: the data is not where it must be; what the node reports.</exception>
    internal static async Task<EmbeddedDqlite> StartAsync(
        NodeConfiguration configuration, ClusterCertificates certificates, AccessList access, StartWaiting waiting, ILogger log, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(access);
        MemberAddresses self = configuration.Self;
        string form = Path.Combine(configuration.Folder, ClusterFormation.File);
        string started = Path.Combine(configuration.Folder, StartedFile);
        DqliteNodeOptions options = new()
        {
            Folder = Path.Combine(configuration.Folder, "dqlite"),
            Id = self.Id,
            Address = self.Dqlite!.Value,
            Cluster = configuration.Database,
            Access = access.Record,
            Certificates = configuration.Certificates,
            Listen = configuration.Listen is { } listen ? new HostAddress(listen.Host, self.Dqlite!.Value.Port) : null,
            NetworkLatency = configuration.DqliteLatency,
            // Only node 1 may: a member that was replaced has another number, whatever its folder was copied from.
            Bootstrap = self.Id == 1 && File.Exists(form) && !File.Exists(started),
            MustExist = File.Exists(started),
            Supervised = true,
        };
        string own = $"{self.Id} of {configuration.Database}";
        string mend = $"If {options.Folder} is this member's own node, make the file anew: echo '{own}' > {started}. If it is not, or is not whole: {options.HowToReplace}";
        ulong? replaced = null;
        if (SealedFile.Read(started, takesUnsealed: true, mend)?.Trim() is { } was && was != own)
        {
            // A start that broke off after the new node was made goes on.
            replaced = Fresh(options.Folder) || options.HasFolder ? NumberIn(was, configuration.Database) : null;
            if (replaced is null)
                throw new SeguroException(ErrorCode.LostDisk, $"{configuration.Folder} holds the data of dqlite node {was}, and the configuration says {own}",
                    $"Put the old values back into members:{self.Name}:id and database; or, to begin with an empty node in place of that one, move {options.Folder} away first.");
            options = options with { MustExist = false };
        }
        HostAddress[] others = [.. configuration.Members.Where(member => member.Name != self.Name).Select(static member => member.Dqlite!.Value)];
        DqliteMembership membership = new(others.Length == 0 ? [options.Address] : others, certificates, Patience, access);
        bool joins = !options.MustExist && !options.Bootstrap;
        if (joins && self.Id == 1 && Fresh(options.Folder))
            throw new SeguroException(ErrorCode.LostDisk, $"{configuration.Folder} is empty, and nothing says that node 1 is to form a new cluster",
                $"If its disk was lost: seguro member replace -c {configuration.File} writes a new number into members:{self.Name}:id. If the cluster is new: `: > {form}`.");
        if (options.Bootstrap && Fresh(options.Folder))
            await ClusterFormation.RefuseLostDiskAsync(configuration, certificates, access, log, cancel);
        if (joins)
            await waiting.ForAsync($"the cluster's other dqlite nodes ({string.Join(", ", others)})", () => LeaveOldAsync(membership, options, replaced, log, cancel), cancel);
        DqliteNodeProcess process = await waiting.ForAsync($"this member's dqlite node at {options.Address} to be ready", () => DqliteNodeProcess.StartAsync(SeguroExecutable.Current(), options, StartTime, cancel), cancel);
        EmbeddedDqlite embedded = new(process, access);
        try
        {
            if (joins)
                await waiting.ForAsync($"the cluster to take the new dqlite node {options.Id}", () => membership.JoinAsync(options.Id, options.Address, cancel), cancel);
            if (!options.MustExist)
                SealedFile.Write(started, own + "\n");
            ClusterFormation.Forbid(configuration.Folder);
            return embedded;
        }
        catch
        {
            await embedded.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _access.Changed -= ApplyAccess;
        return Process.DisposeAsync();
    }

    private void ApplyAccess(object? sender, EventArgs change) => Process.SetAccess(_access.Record);

    // An empty folder under a new number, at a known address or where another number ran before: the user has said that the old node's data is lost, or of no use.
    private static async Task LeaveOldAsync(DqliteMembership membership, DqliteNodeOptions options, ulong? replaced, ILogger log, CancellationToken cancel)
    {
        await membership.RefuseLostDiskAsync(options, cancel);
        if (!Fresh(options.Folder))
            return;
        string address = options.Address.ToString();
        foreach (DqliteServer server in await membership.ListAsync(cancel))
        {
            if (server.Id == options.Id || (server.Address != address && server.Id != replaced))
                continue;
            log.LogWarning("dqlite node {Node} takes the place of node {Old}, whose data is lost or was moved away.", options.Id, server.Id);
            await membership.RemoveAsync(server.Id, cancel);
        }
    }

    private static ulong? NumberIn(string started, string database) =>
        started.Split(" of ", 2) is [var number, var name] && name == database && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : null;

    private static bool Fresh(string folder) => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();
}
