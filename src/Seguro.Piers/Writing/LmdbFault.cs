using System.Runtime.InteropServices;
using LightningDB;
using LightningDB.Native;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Piers;

/// <summary>liblmdb's result codes in words for people.</summary>
internal static class LmdbFault
{
    private const int Access = 13;
    private const int ReadOnlyMedium = 30;
    private const int InputOutput = 5;
    private const long FullBelow = 16L << 20;

    public static void Check(MDBResultCode result, string path)
    {
        if (result != MDBResultCode.Success)
            throw From(result, path);
    }

    public static SeguroException From(MDBResultCode result, string path)
    {
        // liblmdb says "input/output error" where the system wrote less than it was given, which is how a disk begins to be full.
        if (result == MDBResultCode.MapFull || ((int)result == InputOutput && new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace < FullBelow))
            return DiskFull(path);
        string text = Marshal.PtrToStringUTF8(Lmdb.mdb_strerror((int)result)) ?? result.ToString();
        return (int)result switch
        {
            int errno when FullDisk.IsErrno(errno) => DiskFull(path),
            Access or ReadOnlyMedium => new SeguroException(ErrorCode.FileAccess, $"{path} can't be written: {text}", "Check its permissions and its disk."),
            // KeyExist: a number is to be added at the end, and the table ends with a higher one.
            (int)MDBResultCode.Corrupted or (int)MDBResultCode.PageNotFound or (int)MDBResultCode.Invalid or (int)MDBResultCode.Incompatible or (int)MDBResultCode.KeyExist =>
                new SeguroException(ErrorCode.Corrupt, $"{path} is damaged: {text}", "Restore the file from a backup or from another member."),
            (int)MDBResultCode.VersionMismatch => new SeguroException(ErrorCode.NewerSchema, $"{path} is of another version of LMDB's format", "Use the program that made it."),
            _ => new SeguroException(ErrorCode.FileAccess, $"{path} can't be written: {text}", "Check the disk; nothing of this write was kept."),
        };
    }

    public static SeguroException DiskFull(string path) => new(
        ErrorCode.DiskFull, $"the disk of {path} is full", "Nothing of this write was kept. Make room on the disk, then try again.");
}
