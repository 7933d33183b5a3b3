using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Seguro.Testing.Vere;

/// <summary><c>-d</c>: the process that was started ends with 0 when the ship is live, and the ship lives on in a session of its own. vere forks; this program starts itself again.</summary>
static partial class Daemon
{
    private const string Variable = "STANDIN_VERE_DAEMON";
    private const string Live = "\u0001live";

    /// <summary>Is this the process in which the ship lives?</summary>
    public static bool IsChild { get; } = Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Starts the ship's process, and waits until it is live or ends.</summary>
    public static async Task<int> StartAsync(IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment[Variable] = "1";
        using Process child = Process.Start(start)!;
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == Live)
                return 0;
            Console.Out.WriteLine(line);
        }
        await child.WaitForExitAsync();
        return child.ExitCode;
    }

    /// <summary>Leaves the session of whoever started it.</summary>
    public static void Leave() => _ = Setsid();

    /// <summary>The ship is live.</summary>
    public static void TellLive()
    {
        if (IsChild)
            Console.Out.WriteLine(Live);
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Setsid();
}
