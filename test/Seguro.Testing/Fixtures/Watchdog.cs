using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>
/// Cleans up after a test process that dies without doing so itself: a shell that waits for the end of a pipe which only this process
/// holds open, then ends the processes, unmounts and removes the folders that it was told of.
/// </summary>
/// <remarks>The kernel's parent-death signal would not do: it fires when the <i>thread</i> that started a process ends, and .NET's threads come and go.</remarks>
sealed class Watchdog : IDisposable
{
    private const string Script = """
        trap '' INT TERM HUP
        pids=' ' mounts=' ' folders=' ' places=' '
        while read -r verb what; do
            case $verb in
                pid) pids="$pids$what " ;;
                gone) pids="${pids%% $what *} ${pids#* $what }" ;;
                mount) mounts="$mounts$what " ;;
                folder) folders="$folders$what " ;;
                place) places="$places$what " ;;
                done) exit 0 ;;
            esac
        done
        for pid in $pids; do
            children=$(ps -o pid= --ppid "$pid")
            kill -KILL "$pid" $children 2>/dev/null
        done
        for place in $places; do
            for link in /proc/[0-9]*/cwd; do
                [ "$(readlink "$link")" = "$place" ] || continue
                pid=${link#/proc/}
                kill -KILL "${pid%/cwd}" 2>/dev/null
            done
        done
        for mount in $mounts; do umount -l "$mount" 2>/dev/null; done
        for folder in $folders; do rm -rf "$folder"; done
        """;

    private readonly Process _shell = new();

    public Watchdog()
    {
        // A session of its own, so that Ctrl+C at the tests' terminal does not reach it.
        _shell.StartInfo = new ProcessStartInfo("setsid", ["sh", "-c", Script]) { UseShellExecute = false, RedirectStandardInput = true, WorkingDirectory = "/" };
        _shell.Start();
        _shell.StandardInput.AutoFlush = true;
    }

    /// <summary>End this process when the tests' process is gone.</summary>
    public void Process(int pid) => Tell("pid", pid.ToString());

    /// <summary>That process has ended.</summary>
    public void Gone(int pid) => Tell("gone", pid.ToString());

    /// <summary>End whatever works in this folder: processes that another one starts, whose ids are not known here.</summary>
    public void WorkingIn(string path) => Tell("place", path);

    /// <summary>Unmount this.</summary>
    public void Mount(string path) => Tell("mount", path);

    /// <summary>Remove this.</summary>
    public void Folder(string path) => Tell("folder", path);

    /// <summary>Everything was cleaned up.</summary>
    public void Dispose()
    {
        Tell("done", "");
        _shell.StandardInput.Close();
        _shell.Dispose();
    }

    private void Tell(string verb, string what)
    {
        lock (_shell)
            _shell.StandardInput.WriteLine($"{verb} {what}");
    }
}
