using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;

namespace Seguro.Vere.Networks;

/// <summary>A network card whose cable ends in this process (the kernel's TUN driver): what the network sends there is read here, what is written here arrives there.</summary>
/// <remarks>One <see cref="Read"/> at a time; the rest from any thread. The card is gone with the device, however this process ends.</remarks>
internal sealed unsafe partial class TunDevice : IDisposable
{
    private const string Device = "/dev/net/tun";

    // From <linux/if_tun.h> and <asm-generic/{fcntl,ioctl,poll}.h>; x86-64 and arm64 agree.
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const nuint SetInterface = 0x400454CA;
    private const short Tun = 1;
    private const short NoInformation = 0x1000;
    private const short Readable = 1;
    private const int NameSize = 16;
    private const int TryAgain = 11;
    private const int Interrupted = 4;

    private readonly SafeFileHandle _device;
    private readonly SafeFileHandle _wake;
    private volatile bool _isOver;

    private TunDevice(SafeFileHandle device, SafeFileHandle wake) => (_device, _wake) = (device, wake);

    /// <summary>Makes the card, in the network of the calling thread.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NoShipNetwork"/>.</exception>
    public static TunDevice Open(string name)
    {
        SafeFileHandle device = open(Device, ReadWrite | NonBlocking | CloseOnExec);
        if (device.IsInvalid)
        {
            string why = Marshal.GetLastPInvokeErrorMessage();
            device.Dispose();
            throw ShipNetwork.Refused($"{Device} can't be opened ({why})", "Load it: modprobe tun. In a container, give it the device: --device /dev/net/tun. In a systemd unit: DeviceAllow=/dev/net/tun rw, and no PrivateDevices=yes.");
        }
        byte* request = stackalloc byte[40]; // struct ifreq
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, NameSize - 1));
        *(short*)(request + NameSize) = Tun | NoInformation;
        if (ioctl(device, SetInterface, request) != 0)
        {
            string why = Marshal.GetLastPInvokeErrorMessage();
            device.Dispose();
            throw ShipNetwork.Refused($"the kernel makes no TUN device for this member ({why})", ShipNetwork.Rights);
        }
        return new TunDevice(device, eventfd(0, CloseOnExec));
    }

    /// <summary>Waits for a packet.</summary>
    /// <returns>Its size; 0 once <see cref="Interrupt"/> was called.</returns>
    public int Read(Span<byte> buffer)
    {
        Waiting* waiting = stackalloc Waiting[2];
        while (!_isOver)
        {
            fixed (byte* bytes = buffer)
            {
                nint size = read(_device, bytes, (nuint)buffer.Length);
                if (size > 0)
                    return (int)size;
                if (size < 0 && Marshal.GetLastPInvokeError() is not (TryAgain or Interrupted))
                    return 0; // the card is gone
            }
            waiting[0] = new Waiting((int)_device.DangerousGetHandle());
            waiting[1] = new Waiting((int)_wake.DangerousGetHandle());
            _ = poll(waiting, 2, -1);
        }
        return 0;
    }

    /// <summary>Lets a packet arrive. False where the network has no room for it.</summary>
    public bool Write(ReadOnlySpan<byte> packet)
    {
        fixed (byte* bytes = packet)
            return !_isOver && write(_device, bytes, (nuint)packet.Length) == packet.Length;
    }

    /// <summary>Ends <see cref="Read"/>, for good.</summary>
    public void Interrupt()
    {
        _isOver = true;
        ulong one = 1;
        _ = write(_wake, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Only once nobody reads any more.</summary>
    public void Dispose()
    {
        _isOver = true;
        _device.Dispose();
        _wake.Dispose();
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle device, nuint request, byte* value);

    [LibraryImport("libc")]
    private static partial SafeFileHandle eventfd(uint value, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle file, byte* bytes, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle file, byte* bytes, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Waiting* waiting, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Waiting(int descriptor)
    {
        private readonly int _descriptor = descriptor;
        private readonly short _wanted = Readable;
        private readonly short _seen;
    }
}
