using System.Diagnostics;
using System.Globalization;

namespace Seguro.Testing;

/// <summary>A small disk in memory (tmpfs), which can be filled and freed. Needs root.</summary>
public sealed class DqliteClusterDisk : IDisposable
{
    private const int DiskFull = 28;

    /// <summary>Mounts the disk at <paramref name="path"/>, which is made.</summary>
    public DqliteClusterDisk(string path, long bytes)
    {
        Path = path;
        Directory.CreateDirectory(path);
        Run("mount", "-t", "tmpfs", "-o", $"size={bytes.ToString(CultureInfo.InvariantCulture)}", "tmpfs", path);
    }

    /// <summary>Its root.</summary>
    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <summary>Fills it to the last byte.</summary>
    public void Fill()
    {
        byte[] block = new byte[64 << 10];
        using FileStream file = new(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int size = block.Length; size > 0;)
        {
            try
            {
                file.Write(block.AsSpan(0, size));
            }
            catch (IOException error) when ((error.HResult & 0xFFFF) == DiskFull)
            {
                size /= 2;
            }
        }
    }

    /// <summary>Frees what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Ballast);

    /// <inheritdoc/>
    public void Dispose() => Run("umount", "-l", Path);

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Trim()} (tests with small disks need root)");
    }
}
