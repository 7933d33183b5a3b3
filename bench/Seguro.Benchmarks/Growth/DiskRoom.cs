namespace Seguro.Benchmarks;

/// <summary>Keeps a measurement from filling the disk.</summary>
internal static class DiskRoom
{
    private const double Fullest = 0.8;

    /// <summary>Why so many bytes more do not go into a folder's disk; <see langword="null"/> where they do, with a fifth of the disk left.</summary>
    public static string? WhyNot(string folder, long bytes)
    {
        DriveInfo disk = new(folder);
        // What is reserved for root or others counts as neither used nor free.
        long used = disk.TotalSize - disk.TotalFreeSpace;
        long whole = used + disk.AvailableFreeSpace;
        return used + bytes <= whole * Fullest
            ? null
            : $"needs about {bytes / 1e9:0.#} GB more, and the disk of {folder} has {disk.AvailableFreeSpace / 1e9:0.#} GB free, of which a fifth of the whole ({whole / 1e9:0.#} GB) stays free";
    }

    /// <summary>How many bytes the files of a folder are long; files that go meanwhile do not count.</summary>
    public static long Used(string folder)
    {
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles("*",
            new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Gone.
            }
        }
        return bytes;
    }
}
