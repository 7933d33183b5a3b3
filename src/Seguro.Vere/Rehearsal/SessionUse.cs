using System.Diagnostics;
using System.Globalization;

namespace Seguro.Vere.Rehearsal;

/// <summary>What the processes of a session use, by /proc (proc(5)): those that a process started which was put into a session of its own.</summary>
/// <remarks>Looked at again and again: what began and ended between two looks is not seen. For one thread.</remarks>
internal sealed class SessionUse(int session)
{
    private const double TicksPerSecond = 100;
    private readonly Dictionary<int, long> _ticks = [];

    /// <summary>Processor time so far, in seconds.</summary>
    public double CpuSeconds => _ticks.Values.Sum() / TicksPerSecond;

    /// <summary>The most resident memory at a time that was seen, in bytes.</summary>
    public long PeakMemory { get; private set; }

    /// <summary>Looks; how much resident memory there is now, in bytes.</summary>
    public long Look()
    {
        long memory = 0;
        foreach ((int id, long ticks, long resident) in Find())
        {
            _ticks[id] = Math.Max(_ticks.GetValueOrDefault(id), ticks);
            memory += resident;
        }
        PeakMemory = Math.Max(PeakMemory, memory);
        return memory;
    }

    /// <summary>Kills all of them; how many there were.</summary>
    public int Kill()
    {
        int count = 0;
        foreach ((int id, _, _) in Find())
        {
            count++;
            try
            {
                using Process process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended by itself.
            }
        }
        return count;
    }

    private IEnumerable<(int Id, long Ticks, long Resident)> Find()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) || Read(folder) is not { } fields)
                continue;
            // After the command's name: state, parent, group, session, …, utime (11), stime (12), …, rss (21).
            if (fields.Length > 21 && fields[3] == session.ToString(CultureInfo.InvariantCulture) && fields[0] != "Z")
                yield return (id, Number(fields[11]) + Number(fields[12]), Number(fields[21]) * Environment.SystemPageSize);
        }
    }

    private static string[]? Read(string folder)
    {
        try
        {
            string text = File.ReadAllText(Path.Combine(folder, "stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
}
