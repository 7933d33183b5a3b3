using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Vere.Steering;

/// <summary>Another process's memory, by <c>/proc/PID/mem</c> (proc(5)): the kernel allows it for one's own child where it allows ptrace. Not safe for two threads.</summary>
sealed partial class ProcessMemory : IDisposable
{
    private const int MostMaps = 65_536;
    private const int LargestVdso = 1 << 20;
    private readonly SafeFileHandle _memory;

    private ProcessMemory(SafeFileHandle memory) => _memory = memory;

    /// <summary>Opens a process's memory.</summary>
    /// <exception cref="IOException">The kernel does not let us, or the process is gone.</exception>
    /// <exception cref="UnauthorizedAccessException">The kernel does not let us.</exception>
    public static ProcessMemory Open(int process) => new(File.OpenHandle(PathOf(process, "mem"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite));

    /// <summary>Where the kernel mapped its vdso; <see langword="null"/> where it did not, or more than once.</summary>
    public static (long Start, int Size)? FindVdso(int process)
    {
        (long, int)? found = null;
        int lines = 0;
        foreach (string line in File.ReadLines(PathOf(process, "maps")))
        {
            if (++lines > MostMaps)
                return null;
            if (!line.EndsWith(" [vdso]", StringComparison.Ordinal))
                continue;
            string[] ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            if (found is not null || ends.Length != 2 || !Hex(ends[0], out long start) || !Hex(ends[1], out long end) || end <= start || end - start > LargestVdso)
                return null;
            found = (start, (int)(end - start));
        }
        return found;
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public byte[] Read(long at, int size)
    {
        byte[] bytes = new byte[size];
        for (int got = 0; got < size;)
        {
            int read = RandomAccess.Read(_memory, bytes.AsSpan(got), at + got);
            if (read == 0)
                throw new IOException("the process's memory ends there");
            got += read;
        }
        return bytes;
    }

    /// <summary>Writes bytes, and reads them back.</summary>
    public void Write(long at, byte[] bytes)
    {
        // Not by RandomAccess: where the process is gone the kernel takes no byte and says no error, and that would try for ever.
        if (WriteAt(_memory, bytes, bytes.Length, at) != bytes.Length)
            throw new IOException("the process's memory can't be written");
        if (!Read(at, bytes.Length).AsSpan().SequenceEqual(bytes))
            throw new IOException("what was written to the process's memory is not there");
    }

    public void Dispose() => _memory.Dispose();

    public static string PathOf(int process, string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{name}");

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteAt(SafeFileHandle file, byte[] bytes, nint count, long at);

    private static bool Hex(string text, out long value) => long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value) && value > 0;
}
