using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Benchmarks;

/// <summary>The flushes of the block device that a folder is on, of all processes together, as the kernel counts them (Documentation/block/stat.rst, field 16).</summary>
internal sealed class FlushMeter
{
    private const int FlushField = 15;
    private readonly string _statistics;

    private FlushMeter(string statistics) => _statistics = statistics;

    /// <summary>How many there were since the machine started.</summary>
    public long Read() => Count(_statistics) ?? 0;

    /// <summary>A meter; <see langword="null"/> where the file system has no block device of its own, or the kernel does not count that one's flushes.</summary>
    public static FlushMeter? For(string folder)
    {
        if (Statistics(Path.GetFullPath(folder)) is not { } path || Count(path) is not { } before)
            return null;
        string probe = Path.Combine(folder, $"seguro-flush-{Environment.ProcessId}");
        try
        {
            using FileStream file = new(probe, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            file.Write([1]);
            FlushData(file.SafeFileHandle);
        }
        catch (IOException)
        {
            return null;
        }
        return Count(path) > before ? new FlushMeter(path) : null;
    }

    /// <summary>fdatasync(2).</summary>
    public static void FlushData(SafeFileHandle file)
    {
        if (fdatasync(file) != 0)
            throw new IOException($"fdatasync: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private static long? Count(string path)
    {
        string[] fields = File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return fields.Length > FlushField ? long.Parse(fields[FlushField]) : null;
    }

    /// <summary>The <c>stat</c> file of the disk, found by the device number of the mount (proc(5), mountinfo): a partition's flushes are counted at its disk.</summary>
    private static string? Statistics(string folder)
    {
        (string Point, string Device) best = ("", "");
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            string point = fields[4];
            bool isAbove = point == "/" || folder == point || folder.StartsWith(point + "/", StringComparison.Ordinal);
            if (isAbove && point.Length >= best.Point.Length)
                best = (point, fields[2]);
        }
        string block = $"/sys/dev/block/{best.Device}";
        if (best.Device.Length == 0 || !Directory.Exists(block))
            return null;
        string device = new DirectoryInfo(block).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        return Path.Combine(File.Exists(Path.Combine(device, "partition")) ? Path.GetDirectoryName(device)! : device, "stat");
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fdatasync(SafeFileHandle file);
}
