using Seguro.Core;
using Seguro.Files;

namespace Seguro.Cli.Output;

/// <summary>A file that the user named to be written. An ordinary one, or none yet, is replaced at once when all is written; a device, a pipe or a link is opened and written to.</summary>
/// <remarks>What a new file has in it may be a ship's secrets: it is its owner's alone (0600). One that was there keeps its mode.</remarks>
internal static class UserFile
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes it.</summary>
    /// <param name="path">Where.</param>
    /// <param name="write">Gives the bytes. Where it fails, an ordinary file is as it was before.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.NotFound"/>.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        try
        {
            if (Directory.Exists(path))
                throw new SeguroException(ErrorCode.FileAccess, $"{path} can't be written: it is a folder", "Name a file.");
            if (FileKind.IsRegularOrMissing(path))
            {
                await ReplaceAsync(path, write);
                return;
            }
            bool isLink = new FileInfo(path).LinkTarget is not null;
            await using FileStream stream = new(path, new FileStreamOptions
            {
                Mode = isLink ? FileMode.Create : FileMode.Open, // a link's target may have to be made, and is cut off
                UnixCreateMode = isLink ? Own : null,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite,
                BufferSize = 0,
            });
            await write(stream);
        }
        catch (Exception refused) when (refused is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SeguroException(ErrorCode.NotFound, $"{path} can't be written: the folder that it is to be in is not there", "Make the folder, or check the path.", refused);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, refused);
        }
    }

    private static async Task ReplaceAsync(string path, Func<Stream, Task> write)
    {
        string aside = $"{path}.{Environment.ProcessId}.partial";
        UnixFileMode mode = File.Exists(path) ? File.GetUnixFileMode(path) : Own;
        try
        {
            await using (FileStream stream = new(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Own }))
            {
                await write(stream);
                await stream.FlushAsync();
                stream.Flush(flushToDisk: true);
            }
            if (mode != Own)
                File.SetUnixFileMode(aside, mode);
            File.Move(aside, path, overwrite: true);
        }
        catch
        {
            File.Delete(aside);
            throw;
        }
    }
}
