using System.Runtime.InteropServices;
using SQLitePCL;

namespace Seguro.Native;

/// <summary>Finds SQLite beside libseguro. Left to itself .NET would look beside the program, which may be anywhere.</summary>
internal static unsafe partial class SqliteLibrary
{
    private const string FileName = "libe_sqlite3.so";

    /// <summary>Must be called before the first use of SQLite.</summary>
    public static void Find() => Found.Set();

    [LibraryImport("libc", EntryPoint = "dladdr")]
    private static partial int FindAddress(void* address, AddressInfo* info);

    private static nint Load()
    {
        delegate* unmanaged<uint> here = &Exports.Abi;
        AddressInfo info;
        string? file = FindAddress(here, &info) != 0 ? Text.Read(info.File) : null;
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file ?? ".")) ?? "/", FileName);
        return NativeLibrary.TryLoad(beside, out nint library) || NativeLibrary.TryLoad(FileName, out library) ? library : 0;
    }

    private struct AddressInfo
    {
        public byte* File;
        public void* Base;
        public byte* Symbol;
        public void* SymbolAddress;
    }

    private static class Found
    {
        static Found() => NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, static (name, _, _) => name == "e_sqlite3" ? Load() : 0);

        public static void Set()
        {
        }
    }
}
