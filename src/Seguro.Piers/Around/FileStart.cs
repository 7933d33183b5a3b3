using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>Reads a few bytes of a file that may be missing, short, or about to go.</summary>
internal static class FileStart
{
    /// <summary>The bytes at a place; <see langword="null"/> where there is no such file, or it ends before.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: it is there and can't be read.</exception>
    public static byte[]? Read(string path, long offset, int count)
    {
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[count];
            int read = 0;
            while (read < count && RandomAccess.Read(file, bytes.AsSpan(read), offset + read) is > 0 and int more)
                read += more;
            return read == count ? bytes : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }
}
