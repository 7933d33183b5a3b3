using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Startup;

/// <summary>Whether the first member's node, with an empty folder, is the beginning of a new cluster, or a node of an old one that lost its disk.</summary>
/// <remarks>
/// Both look the same from within, since the folder that <c>seguro cluster init</c> wrote is what a lost one is mended with. So the others are asked: one that knows a cluster is proof.
/// Where nobody answers, the file's date decides: members start in any order, and a new cluster's first one may be alone for long, but not one that was made days ago.
/// </remarks>
public static class ClusterFormation
{
    /// <summary>In a member's folder: its node is to form a new cluster.</summary>
    public const string File = "form-cluster";

    /// <summary>For so long after it was made, the file is believed where no other node answers.</summary>
    public static readonly TimeSpan Believed = TimeSpan.FromDays(1);

    private const string Made = "made ";
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Lets a member's node form a new cluster. Durable when it returns.</summary>
    /// <param name="folder">The member's; made where it is missing.</param>
    /// <param name="made">When, by this machine's clock.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static void Allow(string folder, DateTimeOffset made) => DurableFile.Write(
        Path.Combine(folder, File), Encoding.ASCII.GetBytes($"{Made}{made.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)}\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>Takes the leave back: a node that joins forms nothing. Durable when it returns.</summary>
    /// <param name="folder">The member's, which may be missing.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Forbid(string folder)
    {
        string path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path))
            return;
        try
        {
            System.IO.File.Delete(path);
            FolderSync.Flush(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, error);
        }
    }

    /// <summary>Asks the other members' nodes, for three seconds at most, and refuses where this one lost its disk. To be called with leave to form a cluster, and an empty folder.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LostDisk"/>: another node knows a cluster; or nobody answers, and the leave is old.</exception>
    internal static async Task RefuseLostDiskAsync(NodeConfiguration configuration, ClusterCertificates certificates, AccessList access, ILogger log, CancellationToken cancel)
    {
        HostAddress[] others = [.. configuration.Members.Where(member => member.Name != configuration.Self.Name).Select(static member => member.Dqlite!.Value)];
        if (others.Length == 0)
            return; // nobody ever knew anything but this disk
        string path = Path.Combine(configuration.Folder, File);
        string replace = $"seguro member replace -c {configuration.File}, then start it: it joins under a new number, and its log comes from the others.";
        if (await new DqliteMembership(others, certificates, Patience, access).FindClusterAsync(cancel) is { } knows)
            throw new SeguroException(ErrorCode.LostDisk, $"{configuration.Folder} has no dqlite node, and {path} lets one form a new cluster; but the node at {knows} is in one already: this member's disk was lost", replace);
        if (DateOf(path) is { } made && (DateTimeOffset.UtcNow - made).Duration() > Believed)
            throw new SeguroException(ErrorCode.LostDisk,
                $"{configuration.Folder} has no dqlite node, {path} was made on {made.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture)}, and no other member's node answers ({string.Join(", ", others)}): a new cluster, or a lost disk?",
                $"If the cluster was never started, say so: `: > {path}`, and start the member again. If its disk was lost, start the others, then {replace}");
        log.LogWarning("This member's dqlite node forms a new cluster: {File} says so, and none of the other nodes ({Others}) knows one.", path, string.Join(", ", others));
    }

    // Without a date: made by hand, or by an older version.
    private static DateTimeOffset? DateOf(string path)
    {
        try
        {
            string text = System.IO.File.ReadAllText(path).Trim();
            return text.StartsWith(Made, StringComparison.Ordinal)
                && DateTimeOffset.TryParseExact(text[Made.Length..], Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset made) ? made : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, error);
        }
    }
}
