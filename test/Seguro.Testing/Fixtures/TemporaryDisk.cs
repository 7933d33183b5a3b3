using System.Diagnostics;

namespace Seguro.Testing;

/// <summary>A small file system of a test's own, in memory (tmpfs), that can be made full. Mounting needs root.</summary>
public sealed class TemporaryDisk : IDisposable
{
    private readonly TemporaryFolder _folder;

    /// <summary>Mounts it.</summary>
    /// <param name="name">What for, in its folder's name.</param>
    /// <param name="megabytes">Its size.</param>
    public TemporaryDisk(string name, int megabytes)
    {
        _folder = new TemporaryFolder(name);
        Path = _folder["disk"];
        Directory.CreateDirectory(Path);
        try
        {
            Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "seguro-test", Path);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>May this user mount?</summary>
    public static bool IsAllowed => Environment.IsPrivilegedProcess;

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>A path on it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Nothing can be written to it any more.</summary>
    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", Path);

    /// <summary>Takes all that is free, until the returned object is disposed of.</summary>
    public IAsyncDisposable Fill()
    {
        string ballast = this[$"ballast-{Guid.NewGuid():N}"];
        using (FileStream file = new(ballast, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            byte[] block = new byte[1 << 20];
            int size = block.Length;
            while (size > 0)
            {
                try
                {
                    file.Write(block.AsSpan(0, size));
                }
                catch (IOException)
                {
                    size /= 2;
                }
            }
        }
        return new Ballast(ballast);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Directory.Exists(Path))
            return;
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        string complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {complaint.Trim()}");
    }

    private sealed class Ballast(string path) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            File.Delete(path);
            return ValueTask.CompletedTask;
        }
    }
}
