namespace Seguro.Files;

/// <summary>Tells a disk that is full from one that fails.</summary>
public static class FullDisk
{
    private const int NoSpace = 28; // ENOSPC
    private const int OverQuota = 122; // EDQUOT

    /// <summary>Is it for want of room on the disk, or of the user's quota, that this failed?</summary>
    public static bool IsCauseOf(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return IsErrno(error.HResult & 0xFFFF);
    }

    /// <summary>Does an errno of Linux mean it?</summary>
    public static bool IsErrno(int errno) => errno is NoSpace or OverQuota;
}
