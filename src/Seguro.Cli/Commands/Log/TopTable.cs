namespace Seguro.Cli.Commands.Log;

/// <summary>Counts events and bytes under names, for as many names as fit; the rest is counted together.</summary>
internal sealed class TopTable
{
    private const int MostNames = 65_536;
    private const string Rest = "(all others)";
    private readonly Dictionary<string, (ulong Events, long Bytes)> _rows = new(StringComparer.Ordinal);

    /// <summary>Counts one event.</summary>
    public void Add(string name, long bytes)
    {
        string key = _rows.Count < MostNames || _rows.ContainsKey(name) ? name : Rest;
        (ulong events, long sum) = _rows.GetValueOrDefault(key);
        _rows[key] = (events + 1, sum + bytes);
    }

    /// <summary>The rows with the most bytes, the largest first, and all others in one.</summary>
    public IReadOnlyList<TopRow> Largest(int most)
    {
        TopRow[] all = [.. _rows.Select(static row => new TopRow(row.Key, row.Value.Events, row.Value.Bytes))
            .OrderByDescending(static row => row.Bytes).ThenBy(static row => row.Name, StringComparer.Ordinal)];
        TopRow[] rest = all[Math.Min(most, all.Length)..];
        return rest.Length == 0 ? all : [.. all[..most], new TopRow(Rest, (ulong)rest.Sum(static row => (long)row.Events), rest.Sum(static row => row.Bytes))];
    }

    /// <summary>All rows, by name.</summary>
    public IReadOnlyList<TopRow> ByName() => [.. _rows.Select(static row => new TopRow(row.Key, row.Value.Events, row.Value.Bytes)).OrderBy(static row => row.Name, StringComparer.Ordinal)];
}
