using Seguro.Core;

namespace Seguro.Files;

/// <summary>Small files that are there whole, or not at all, whatever happens to the machine.</summary>
public static class DurableFile
{
    /// <summary>Writes or replaces a file: a temporary one beside it, fsync, rename, fsync of the folder. Missing folders are made (mode 0700).</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = path + TemporarySuffix;
        try
        {
            if (!Directory.Exists(folder))
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.Delete(temporary);
            using (FileStream stream = new(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = mode,
                BufferSize = 0,
            }))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
            FolderSync.Flush(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be written: {error.Message}",
                "Give this user the right to write there, and free some space.", error);
        }
    }

    /// <summary>What the temporary file's name has more than the file's own.</summary>
    public const string TemporarySuffix = ".tmp";
}
