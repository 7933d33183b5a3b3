using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;
using Seguro.Vere.Running;

namespace Seguro.Vere.Networks;

/// <summary>
/// A cable from a ship's own network to the machine's (veth(4)), by which the connections that the ship makes leave, with the machine's address: its outgoing HTTP. Its datagrams don't go there.
/// </summary>
/// <remarks>
/// The rule that gives them that address is in a table that belongs to a process of nft's (<c>flags owner</c>), which ends with this one; the cable
/// ends with the ship's network. Needs CAP_NET_ADMIN on the machine, nftables, and a kernel that forwards packets.
/// </remarks>
sealed class ShipUplink : IAsyncDisposable
{
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private const string Inner = "machine";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ChildProcess _nft;

    private ShipUplink(ChildProcess nft) => _nft = nft;

    /// <summary>Lays it.</summary>
    /// <returns>The cable; or why there is none, and what to do, for people.</returns>
    public static async Task<(ShipUplink? Uplink, string? Why)> StartAsync(ShipNetwork network, CancellationToken cancel)
    {
        if (!File.Exists(Forwarding) || (await File.ReadAllTextAsync(Forwarding, cancel)).Trim() != "1")
            return (null, "this machine's kernel forwards no packets. Let it, where the ship needs them: sysctl -w net.ipv4.ip_forward=1 (and in /etc/sysctl.d), and start the member again.");
        string name = $"sg{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        (IPAddress machine, IPAddress ship) = FreeAddresses();
        string inside = string.Create(
            CultureInfo.InvariantCulture,
            $"link add {Inner} type veth peer name {name} netns {Environment.ProcessId}\naddr add {ship}/30 dev {Inner}\nlink set {Inner} up\nroute add default via {machine} dev {Inner}\n");
        string outside = $"addr add {machine}/30 dev {name}\nlink set {name} up\n";
        // The route needs the other end up only where the first packet leaves.
        string? failed = await network.RunAsync("ip", ["-batch", "-"], inside, cancel) ?? await ShipNetwork.RunAsync(null, "ip", ["-batch", "-"], outside, cancel);
        if (failed is not null)
            return (null, $"no cable to this machine's network can be laid ({failed}). It needs CAP_NET_ADMIN on the machine, not only in a user namespace.");
        return await MasqueradeAsync(name, ship, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _nft.EndAsync(TimeSpan.Zero);

    private static async Task<(ShipUplink? Uplink, string? Why)> MasqueradeAsync(string table, IPAddress ship, CancellationToken cancel)
    {
        ChildProcess nft;
        try
        {
            nft = await ChildProcess.StartAsync("nft", "nft", ["-i"], keepsRights: true);
        }
        catch (SeguroException missing)
        {
            return (null, $"{missing.Message}. {missing.NextStep}");
        }
        try
        {
            string rules =
                $"add table ip {table} {{ flags owner; }}\n" +
                $"add chain ip {table} leaving {{ type nat hook postrouting priority 100; policy accept; }}\n" +
                // Only what answers the ship comes in by its cable: neighbours of this machine, and who is on it, would reach its ports past the balancer.
                $"add chain ip {table} passing {{ type filter hook forward priority 0; policy accept; }}\n" +
                $"add rule ip {table} passing oifname {table} ct state established,related accept\n" +
                $"add rule ip {table} passing oifname {table} drop\n" +
                $"add chain ip {table} coming {{ type filter hook output priority 0; policy accept; }}\n" +
                $"add rule ip {table} coming oifname {table} ct state established,related accept\n" +
                $"add rule ip {table} coming oifname {table} drop\n" +
                $"add rule ip {table} leaving ip saddr {ship} masquerade\n" +
                $"list table ip {table}\n";
            await nft.Input.WriteAsync(Encoding.ASCII.GetBytes(rules), cancel);
            await nft.Input.FlushAsync(cancel);
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Patience);
            Task<string?> made = LineAsync(nft.Output, static line => line.Contains("masquerade", StringComparison.Ordinal) && !line.Contains("add rule", StringComparison.Ordinal), limit.Token);
            Task<string?> refused = LineAsync(nft.Error, static line => line.Contains("Error", StringComparison.Ordinal), limit.Token); // what it only warns of is done
            Task<string?> first = await Task.WhenAny(made, refused);
            if (first == made && await made is not null)
                return (new ShipUplink(nft), null);
            string why = await refused ?? "it ended";
            await nft.EndAsync(TimeSpan.Zero);
            return (null, $"nft did not do what it was told ({why}). Install nftables 1.0 or later, on Linux 5.12 or later.");
        }
        catch (Exception failed) when (failed is IOException or OperationCanceledException)
        {
            await nft.EndAsync(TimeSpan.Zero);
            cancel.ThrowIfCancellationRequested();
            return (null, "nft can't be run. Install it: apt install nftables.");
        }
    }

    private static async Task<string?> LineAsync(Stream from, Func<string, bool> isIt, CancellationToken cancel)
    {
        StreamReader reader = new(from);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (isIt(line))
                return line.Trim();
        }
        return null;
    }

    /// <summary>Four addresses of the link-local block that no card of this machine is near to.</summary>
    private static (IPAddress Machine, IPAddress Ship) FreeAddresses()
    {
        HashSet<string> taken =
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(static card => card.GetIPProperties().UnicastAddresses)
                .Where(static address => address.Address.AddressFamily == AddressFamily.InterNetwork)
                .Select(static address => Block(address.Address.GetAddressBytes())),
        ];
        while (true)
        {
            // Clouds have their services at 169.254.169.254 and near it.
            byte[] first = [169, 254, (byte)RandomNumberGenerator.GetInt32(64, 128), (byte)(RandomNumberGenerator.GetInt32(64) * 4)];
            if (taken.Add(Block(first)))
                return (new IPAddress([.. first[..3], (byte)(first[3] + 1)]), new IPAddress([.. first[..3], (byte)(first[3] + 2)]));
        }

        static string Block(byte[] address) => string.Create(CultureInfo.InvariantCulture, $"{address[0]}.{address[1]}.{address[2]}.{address[3] & ~3}");
    }
}
