using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Targets;

/// <summary>Finds out, by trying, whether a target does what a harbor asks of it.</summary>
public static class TargetProbe
{
    private const string Folder = "probe";

    /// <summary>Makes an object, fails to make it again, reads it, lists it, removes it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.UnsafeTarget"/>: it made a name twice, or gave back something else; what the target throws.</exception>
    public static async Task RunAsync(IHarborTarget target, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(target);
        byte[] content = RandomNumberGenerator.GetBytes(1024);
        string name = $"{Folder}/{Convert.ToHexStringLower(content.AsSpan(0, 8))}";
        try
        {
            if (!await target.PutAsync(name, new MemoryStream(content), cancel))
                throw Unsafe(target, "it says that a name exists that was never made");
        }
        catch (SeguroException made) when (made.Code is ErrorCode.UnsafeTarget)
        {
            for (int version = 0; version < 2; version++) // where it was made twice, and both are kept
                await target.DeleteAsync(name, CancellationToken.None);
            throw;
        }
        try
        {
            if (await target.PutAsync(name, new MemoryStream(new byte[16]), cancel))
                throw Unsafe(target, "it let an object be made over another");
            await using Stream there = await target.GetAsync(name, null, cancel);
            MemoryStream all = new();
            await there.CopyToAsync(all, cancel);
            if (!all.ToArray().AsSpan().SequenceEqual(content))
                throw Unsafe(target, "it gave back other bytes than it was given");
            bool isListed = false;
            await foreach (TargetObject found in target.ListAsync(Folder, cancel))
                isListed |= found.Name == name && found.Size == content.Length;
            if (!isListed)
                throw Unsafe(target, "it does not list what was put into it");
        }
        finally
        {
            await target.DeleteAsync(name, CancellationToken.None);
        }
    }

    private static SeguroException Unsafe(IHarborTarget target, string how) => new(
        ErrorCode.UnsafeTarget, $"{target.Name} can't be a harbor: {how}", "Use a server that heeds `If-None-Match: *`, a disk with hard links, or OpenSSH's SFTP.");
}
