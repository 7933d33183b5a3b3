using System.Runtime.InteropServices;

namespace Seguro.Harbor.Targets;

/// <summary>link(2): a second name of a file, where nothing has that name. The one step of a file system that only one of many can do.</summary>
internal static partial class HardLink
{
    private const int Exists = 17; // EEXIST

    /// <summary>Makes it; says <see langword="false"/> where the name is taken.</summary>
    /// <exception cref="IOException">It can't be made, with the system's error number.</exception>
    public static bool TryMake(string file, string name)
    {
        if (link(file, name) == 0)
            return true;
        int error = Marshal.GetLastPInvokeError();
        return error == Exists ? false : throw new IOException($"{name} can't be linked: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int link(string file, string name);
}
