using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Seguro.Core;

namespace Seguro.Vere.Networks;

/// <summary>
/// A network of a ship's own (network_namespaces(7)), for a member for whom the balancer's machine can't route: the ship's king runs in it, and what it sends from its port leaves by a TUN device into
/// this process; what this process writes there, it hears from whomever that names as its sender.
/// </summary>
/// <remarks>
/// <para>Names are asked for through this process, at the name servers of the machine. Connections that the ship makes leave by a cable to the
/// machine (<see cref="ShipUplink"/>), where that can be had; <see cref="Warnings"/> says where not.</para>
/// <para>Needs CAP_SYS_ADMIN and CAP_NET_ADMIN, /dev/net/tun, and iproute2; in a user namespace of one's own they are everybody's, but for the cable.</para>
/// <para>The network has no name and no other holder than this process and those in it: it is gone with them, however they ended, and its cards with it.</para>
/// <para>Safe for any thread, but for <see cref="Read"/>.</para>
/// </remarks>
public sealed partial class ShipNetwork : IAsyncDisposable
{
    /// <summary>What a member has to have.</summary>
    internal const string Rights =
        "Run it as root, or give its unit CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_NET_BIND_SERVICE (docs/vere.md); or, where the kernel gives user namespaces to everybody, start it by `unshare --map-root-user seguro run …`, and "
        + "the ship makes no connections then. Or leave vere:network out.";

    private const int NewNetwork = 0x40000000; // CLONE_NEWNET, from <linux/sched.h>
    private const string Card = "ames";
    private const int Table = 100;
    private const int LargestPacket = 65500;

    private readonly SafeFileHandle _network;
    private readonly TunDevice _tun;
    private NameRelay? _names;
    private ShipUplink? _uplink;

    private ShipNetwork(SafeFileHandle network, TunDevice tun) => (_network, _tun) = (network, tun);

    /// <summary>The ship's address there: IPv4's dummy (RFC 7600), which no peer has.</summary>
    public static IPAddress Address { get; } = new([192, 0, 0, 8]);

    /// <summary>The same as a number.</summary>
    public static uint AddressNumber => 0xC0000008;

    /// <summary>What the ship lacks there; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Makes one.</summary>
    /// <param name="port">The ship's UDP port: what is sent from it leaves by the TUN device, and nothing else does.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NoShipNetwork"/>: it can't be had here.</exception>
    public static async Task<ShipNetwork> CreateAsync(int port, CancellationToken cancel)
    {
        IPAddress[] servers = NameRelay.Servers();
        ShipNetwork made = OnThread(static () =>
        {
            if (unshare(NewNetwork) != 0)
                throw Refused($"this member may make no network of its own ({Marshal.GetLastPInvokeErrorMessage()})", Rights);
            SafeFileHandle network = File.OpenHandle("/proc/thread-self/ns/net");
            try
            {
                return new ShipNetwork(network, TunDevice.Open(Card));
            }
            catch
            {
                network.Dispose();
                throw;
            }
        });
        try
        {
            StringBuilder batch = new("link set lo up\n");
            foreach (IPAddress server in servers.Where(static server => !IPAddress.IsLoopback(server)))
                batch.Append(CultureInfo.InvariantCulture, $"addr add {server}/32 dev lo\n");
            batch.Append(CultureInfo.InvariantCulture, $"addr add {Address}/32 dev {Card}\nlink set {Card} mtu {LargestPacket} up\n");
            batch.Append(CultureInfo.InvariantCulture, $"route add default dev {Card} src {Address} table {Table}\n");
            batch.Append(CultureInfo.InvariantCulture, $"rule add pref 100 ipproto udp sport {port} lookup {Table}\n");
            batch.Append(CultureInfo.InvariantCulture, $"rule add pref 101 from {Address} lookup {Table}\n");
            batch.Append(CultureInfo.InvariantCulture, $"rule add pref 102 ipproto icmp lookup {Table}\n"); // what a kernel says of a port that is not there yet goes to nobody
            if (await made.RunAsync("ip", ["-batch", "-"], batch.ToString(), cancel) is { } failed)
                throw Refused($"`ip` could not set the ship's network up: {failed}", "Install iproute2, or a newer one (4.17), on Linux 4.17 or later. Or leave vere:network out.");
            List<string> warnings = [];
            made._names = NameRelay.Start(made, servers, warnings);
            (made._uplink, string? why) = await ShipUplink.StartAsync(made, cancel);
            if (why is not null)
                warnings.Add($"The ship makes no connections: {why}");
            made.Warnings = warnings;
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does something in this network, on a thread of its own. A socket that is made there stays there, whoever uses it.</summary>
    public T Enter<T>(Func<T> make) => OnThread(() =>
    {
        EnterThread();
        return make();
    });

    /// <summary>Waits for a packet that leaves.</summary>
    /// <returns>Its size; 0 once <see cref="Interrupt"/> was called.</returns>
    public int Read(Span<byte> packet) => _tun.Read(packet);

    /// <summary>Lets a packet arrive. False where there is no room for it.</summary>
    public bool Write(ReadOnlySpan<byte> packet) => _tun.Write(packet);

    /// <summary>Ends <see cref="Read"/>, for good.</summary>
    public void Interrupt() => _tun.Interrupt();

    /// <inheritdoc/>
    /// <remarks>Only once nobody reads any more, and no process of the ship is left.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (_names is { } names)
            await names.DisposeAsync();
        if (_uplink is { } uplink)
            await uplink.DisposeAsync();
        _tun.Dispose();
        _network.Dispose();
    }

    internal static SeguroException Refused(string what, string nextStep) => new(ErrorCode.NoShipNetwork, $"the ship can't have a network of its own (vere:network namespace): {what}", nextStep);

    /// <summary>The calling thread is in this network from now on, and so is what it starts; it must be nobody else's.</summary>
    internal void EnterThread()
    {
        if (setns(_network, NewNetwork) != 0)
            throw Refused($"it can't be entered ({Marshal.GetLastPInvokeErrorMessage()})", Rights);
    }

    /// <summary>Runs a program in this network, to its end.</summary>
    /// <returns>What it said of its failure; <see langword="null"/> where it did not fail.</returns>
    internal Task<string?> RunAsync(string program, string[] arguments, string input, CancellationToken cancel) => RunAsync(this, program, arguments, input, cancel);

    /// <summary>Runs a program, to its end: in a ship's network, or on the machine's.</summary>
    internal static async Task<string?> RunAsync(ShipNetwork? network, string program, string[] arguments, string input, CancellationToken cancel)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        try
        {
            using Process process = network is null ? Process.Start(start)! : network.Enter(() => Process.Start(start)!);
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancel);
            Task<string> error = process.StandardError.ReadToEndAsync(cancel);
            try
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended before it had read all; why, it says.
            }
            await process.WaitForExitAsync(cancel);
            string said = (await error).Trim();
            await output;
            return process.ExitCode == 0 ? null : said.Length > 0 ? said.Split('\n')[0] : $"exit code {process.ExitCode}";
        }
        catch (Win32Exception missing)
        {
            return $"{program} can't be started ({missing.Message})";
        }
    }

    private static T OnThread<T>(Func<T> make)
    {
        TaskCompletionSource<T> done = new();
        Thread thread = new(() =>
        {
            try
            {
                done.SetResult(make());
            }
            catch (Exception failed)
            {
                done.SetException(failed); // thrown again where somebody waits for it
            }
        })
        { IsBackground = true, Name = "ship's network" };
        thread.Start();
        return done.Task.GetAwaiter().GetResult();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int type);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle descriptor, int type);
}
