using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>What is at a path. .NET's own answers say "nothing" too where the path can't be looked at, and a pier that this user may not read is not a missing one.</summary>
internal static class Presence
{
    /// <summary>There is a folder.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: it can't be told.</exception>
    public static bool IsFolder(string path) => Look(path)?.HasFlag(FileAttributes.Directory) == true;

    /// <summary>There is a file, or something like it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: it can't be told.</exception>
    public static bool IsFile(string path) => Look(path)?.HasFlag(FileAttributes.Directory) == false;

    private static FileAttributes? Look(string path)
    {
        try
        {
            return File.GetAttributes(path);
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
