using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Testing;

/// <summary>
/// A network card whose packets a program carries (Linux, Documentation/networking/tuntap.rst): what the kernel sends through it is read here, what is written
/// here the kernel receives. It lives in the network in which it was made, and goes when it is disposed of or its process ends. Needs root.
/// </summary>
sealed partial class TunDevice : IDisposable
{
    /// <summary>The device that makes cards.</summary>
    public const string Maker = "/dev/net/tun";

    private const int OpenFlags = 2 | 0x800 | 0x80000; // O_RDWR, O_NONBLOCK, O_CLOEXEC
    private const nuint SetInterface = 0x400454ca; // TUNSETIFF, from <linux/if_tun.h>
    private const short PlainPackets = 0x0001 | 0x1000; // IFF_TUN, IFF_NO_PI: IP packets, nothing before them
    private const int NameLength = 16;
    private const int RequestLength = 40; // struct ifreq

    private TunDevice(SafeFileHandle handle) => Handle = handle;

    /// <summary>To wait on.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Makes one in the calling thread's network, without an address, down.</summary>
    /// <exception cref="InvalidOperationException">The machine has no such device, or the user is not root.</exception>
    public static TunDevice Make(string name)
    {
        SafeFileHandle handle = open(Maker, OpenFlags);
        if (handle.IsInvalid)
            throw Failed($"{Maker} can't be opened");
        Span<byte> request = stackalloc byte[RequestLength];
        request.Clear();
        Encoding.ASCII.GetBytes(name, request[..(NameLength - 1)]);
        BitConverter.TryWriteBytes(request[NameLength..], PlainPackets);
        if (ioctl(handle, SetInterface, request) == 0)
            return new TunDevice(handle);
        InvalidOperationException error = Failed($"no network card '{name}' can be made");
        handle.Dispose();
        throw error;
    }

    /// <summary>Reads a packet; 0 where there is none now.</summary>
    public int Read(Span<byte> packet) => (int)Math.Max(0, read(Handle, packet, (nuint)packet.Length));

    /// <summary>Hands a packet to the kernel; false where it does not take it (the card is down).</summary>
    public bool Write(ReadOnlySpan<byte> packet) => write(Handle, packet, (nuint)packet.Length) == packet.Length;

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static InvalidOperationException Failed(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle descriptor, nuint request, Span<byte> argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle descriptor, Span<byte> buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle descriptor, ReadOnlySpan<byte> buffer, nuint count);
}
