using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Access;

/// <summary>
/// Who is let in at a member: the members that the store's record names, and before that was read, those of the configuration and of the last record that was seen here; never one that left.
/// </summary>
/// <remarks>
/// What was seen is in the member's folder, <see cref="AccessFile.FileName"/>, so that who left stays out after a restart too, while the store can't
/// be read, and where the configuration still names it.
/// For any thread; <see cref="See"/> by one at a time.
/// </remarks>
public sealed class MemberAccess
{
    private readonly string _folder;
    private readonly NodeConfiguration _configuration;
    private AccessFile _seen;

    /// <summary>Reads what was seen, and makes the list.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.ForeignDatabase"/>: the folder is another cluster's.</exception>
    public MemberAccess(NodeConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _configuration = configuration;
        _folder = configuration.Folder;
        _seen = AccessFile.Read(_folder, configuration.Cluster) ?? new AccessFile { Cluster = configuration.Cluster };
        IEnumerable<string> members = configuration.Members.Select(static member => member.Name).Concat(_seen.Members).Except(_seen.Left, StringComparer.Ordinal);
        List = new AccessList(configuration.Cluster, Record([.. members]));
    }

    /// <summary>The list.</summary>
    public AccessList List { get; }

    /// <summary>A member's status says who belongs to the cluster. Where that is another record than the last one, it is written down, and in force when this returns.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public void See(MemberStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (!status.IsOfRecord || (_seen.Members.SequenceEqual(status.Members, StringComparer.Ordinal) && status.Left.All(_seen.Left.Contains)))
            return;
        // Whoever was a member and is none now has left, whether the record still says so or not: names are not used again.
        string[] gone = [.. status.Left.Concat(_seen.Members.Except(status.Members)).Except(_seen.Left, StringComparer.Ordinal).Distinct(StringComparer.Ordinal)];
        _seen = _seen with { Members = status.Members, Left = [.. _seen.Left, .. gone] };
        _seen.Write(_folder);
        List.Set(Record(status.Members));
    }

    private AccessRecord Record(IReadOnlyList<string> members) => new() { Members = [.. members.Except(_seen.Left)], Clients = _configuration.Clients, Left = _seen.Left };
}
