using System.Globalization;
using System.Runtime.InteropServices;

namespace Seguro.Vere.Steering;

/// <summary>A process whose threads all stand still (SIGSTOP), until this is disposed of: none is within code that is to be changed.</summary>
sealed partial class StoppedProcess : IDisposable
{
    private const int Continue = 18;
    private const int Stop = 19;
    private const int MostLooks = 200;
    private const int MostTries = 20;
    private readonly int _process;

    private StoppedProcess(int process) => _process = process;

    /// <summary>Stops a child of ours where no thread of it is within a range of addresses.</summary>
    /// <returns>The stopped process; <see langword="null"/> where it could not be stopped so, and goes on.</returns>
    public static StoppedProcess? Try(int process, long start, long end)
    {
        for (int attempt = 0; attempt < MostTries; attempt++)
        {
            if (kill(process, Stop) != 0)
                return null;
            StoppedProcess stopped = new(process);
            try
            {
                if (IsStopped(process) && IsOutside(process, start, end))
                    return stopped;
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                stopped.Dispose();
                return null;
            }
            stopped.Dispose();
            Thread.Sleep(1); // it is to leave that code
        }
        return null;
    }

    public void Dispose() => _ = kill(_process, Continue);

    private static bool IsStopped(int process)
    {
        for (int look = 0; look < MostLooks; look++)
        {
            if (Threads(process).All(static thread => StateOf(File.ReadAllText(Path.Combine(thread, "stat"))) is 'T' or 't'))
                return true;
            Thread.Sleep(1);
        }
        return false;
    }

    // "running", or the system call and its arguments, then the stack pointer and the program counter; "-1 SP PC" outside of a system call (proc(5)).
    private static bool IsOutside(int process, long start, long end) => Threads(process).All(thread =>
    {
        string text = File.ReadAllText(Path.Combine(thread, "syscall")).TrimEnd();
        string last = text[(text.LastIndexOf(' ') + 1)..];
        return last.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(last[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong counter)
            && (counter < (ulong)start || counter >= (ulong)end);
    });

    private static string[] Threads(int process) => Directory.GetDirectories(ProcessMemory.PathOf(process, "task"));

    // The name before the state may have spaces and brackets.
    private static char StateOf(string stat) => stat.LastIndexOf(") ", StringComparison.Ordinal) is >= 0 and int at && at + 2 < stat.Length ? stat[at + 2] : '?';

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
