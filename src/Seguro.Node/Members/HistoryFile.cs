using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Node.Members;

/// <summary>What changed in the cluster, as this member saw it: masters and terms, members, optimism, pauses. Kept in the file <c>history</c> of its folder, an entry a line.</summary>
/// <remarks>
/// For people only: nothing rests on it, so it is not flushed, and one that can't be written is said once and left. At most twice
/// <see cref="MostBytes"/> are kept. <see cref="See"/> is for one thread, <see cref="Read"/> for any.
/// </remarks>
sealed partial class HistoryFile(string folder, TimeProvider time, ILogger log)
{
    private const long MostBytes = 1 << 20;
    private const int MostRead = 500;
    private const string Name = "history";

    private readonly Lock _gate = new();
    private bool _isBroken;
    private bool _mayBeTorn = true; // a crash, or a full disk, may have cut the last line short: the next begins on its own
    private IReadOnlyList<HistoryEntry>? _newest; // what was read last, while nothing was noted since: a page that is followed asks each second

    private string Current => Path.Combine(folder, Name);

    private string Older => Path.Combine(folder, Name + ".1");

    /// <summary>Notes what differs between two looks.</summary>
    public void See(MemberStatus before, MemberStatus now)
    {
        if (now.Master.Length > 0 && (now.Term != before.Term || now.Master != before.Master))
            Note(now, $"{StatusReport.NameIn(now.Master)} is master.");
        else if (before.Master.Length > 0 && now.Master.Length == 0)
            Note(now, $"{StatusReport.NameIn(before.Master)} is not master any more.");
        if (now.Role is Role.Stopped && before.Role is not Role.Stopped)
            Note(now, $"{now.Name} stands still: {now.Stopped}.");
        if (before.Role is Role.Stopped && now.Role is not Role.Stopped)
            Note(now, $"{now.Name} goes on.");
        if (now.Optimism != before.Optimism)
            Note(now, $"Optimism is {now.Optimism}.");
        if (!ReferenceEquals(now.Members, before.Members) && !now.Members.SequenceEqual(before.Members, StringComparer.Ordinal))
            Note(now, $"Members are {string.Join(", ", now.Members)}.");
        if ((now.Pause ?? "") != (before.Pause ?? ""))
            Note(now, string.IsNullOrEmpty(now.Pause) ? "The cluster goes on." : $"The cluster is paused: {now.Pause}.");
    }

    /// <summary>The newest <see cref="MostRead"/> entries, the oldest of them first.</summary>
    public IReadOnlyList<HistoryEntry> Read()
    {
        lock (_gate)
        {
            return _newest ??= [.. ((string[])[Older, Current]).Where(File.Exists).SelectMany(File.ReadLines).Select(Parse).OfType<HistoryEntry>().TakeLast(MostRead)];
        }
    }

    private void Note(MemberStatus status, string what)
    {
        HistoryEntry entry = new(time.GetUtcNow(), status.Term.Value, StatusReport.NameIn(status.Master), what);
        lock (_gate)
        {
            _newest = null;
            try
            {
                if (File.Exists(Current) && new FileInfo(Current).Length > MostBytes)
                    File.Move(Current, Older, overwrite: true);
                File.AppendAllText(Current, (_mayBeTorn ? "\n" : "") + JsonSerializer.Serialize(entry, HistoryJson.Default.HistoryEntry) + "\n");
                _isBroken = _mayBeTorn = false;
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                if (!_isBroken)
                    log.LogWarning("What changed can't be written down: {Problem}", failed.Message);
                _isBroken = _mayBeTorn = true;
            }
        }
    }

    // A line that a crash cut short is left out.
    private static HistoryEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.HistoryEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [JsonSerializable(typeof(HistoryEntry))]
    private sealed partial class HistoryJson : JsonSerializerContext;
}
