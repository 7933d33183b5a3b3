using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>Runs small programs of the system to their end.</summary>
public static class Tool
{
    /// <summary>Runs a program; its standard output. Not to be cancelled: what is half set up, or half torn down, is worse than a short wait.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has what it wrote.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command, string input = "")
    {
        using Process process = new();
        process.StartInfo = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        process.StartInfo.Environment["LC_ALL"] = "C";
        process.Start();
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), CancellationToken.None);
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            string output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode == 0
                ? output
                : throw new InvalidOperationException($"{command[0]} ended with {process.ExitCode}: {await errors}{output}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>Sends a signal to processes by their ids; those that are gone are left out.</summary>
    public static async Task SignalAsync(string signal, IEnumerable<int> pids)
    {
        string[] alive = [.. pids.Where(static pid => Directory.Exists($"/proc/{pid}")).Select(static pid => pid.ToString())];
        if (alive.Length > 0)
            await RunAsync(["sh", "-c", "kill -\"$0\" \"$@\" 2>/dev/null || true", signal, .. alive]);
    }

    /// <summary>The process has not ended. One that ended, and whose parent has not asked for its end yet, does not count.</summary>
    public static bool IsRunning(int pid) => Look(pid) is { State: not ("Z" or "X") };

    /// <summary>The ids of a process's children.</summary>
    public static IEnumerable<int> ChildrenOf(int pid)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int child) && Look(child) is { } seen && seen.Parent == pid)
                yield return child;
        }
    }

    /// <summary>All processes with the words that they were started by.</summary>
    public static IEnumerable<(int Id, IReadOnlyList<string> Command)> Commands()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id))
                continue;
            string[] words = [];
            try
            {
                words = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            }
            catch (IOException)
            {
                // It is gone.
            }
            if (words.Length > 0)
                yield return (id, words);
        }
    }

    /// <summary>From proc(5): <c>pid (name) state parent …</c>; the name may hold anything.</summary>
    private static (string State, int Parent)? Look(int pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] rest = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (rest[0], int.Parse(rest[1]));
        }
        catch (IOException)
        {
            return null; // It is gone.
        }
    }
}
