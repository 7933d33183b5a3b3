namespace Seguro.Testing;

/// <summary>Flips a bit in a database's files, as a dying disk would.</summary>
public static class FileDamage
{
    /// <summary>Flips one bit of every place in the files where <paramref name="marker"/> stands; disposing of the result flips them back.</summary>
    /// <param name="path">The folder, with all below it, or the file.</param>
    /// <param name="marker">Bytes that stand in the files as they are.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="InvalidOperationException">They stand nowhere.</exception>
    public static async Task<IAsyncDisposable> FlipAsync(string path, ReadOnlyMemory<byte> marker, CancellationToken cancel)
    {
        List<(string File, long Offset)> places = [];
        IEnumerable<string> files = File.Exists(path)
            ? Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path) + "*")
            : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories);
        foreach (string file in files)
            places.AddRange((await FindAsync(file, marker, cancel)).Select(offset => (file, offset)));
        if (places.Count == 0)
            throw new InvalidOperationException($"The bytes to be damaged are nowhere below {path}.");
        Flip(places);
        return new Repair(places);
    }

    private static async Task<List<long>> FindAsync(string file, ReadOnlyMemory<byte> marker, CancellationToken cancel)
    {
        const int step = 1 << 20;
        List<long> found = [];
        byte[] buffer = new byte[step + marker.Length];
        await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        for (long start = 0; start < stream.Length; start += step)
        {
            stream.Position = start;
            int read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
            int at = buffer.AsSpan(0, read).IndexOf(marker.Span);
            if (at >= 0 && at < step)
                found.Add(start + at + (marker.Length / 2));
        }
        return found;
    }

    private static void Flip(List<(string File, long Offset)> places)
    {
        foreach ((string file, long offset) in places)
        {
            if (!File.Exists(file))
                continue;
            using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (offset >= stream.Length)
                continue;
            stream.Position = offset;
            int value = stream.ReadByte();
            stream.Position = offset;
            stream.WriteByte((byte)(value ^ 0x10));
        }
    }

    private sealed class Repair(List<(string File, long Offset)> places) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            Flip(places);
            return ValueTask.CompletedTask;
        }
    }
}
