using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Seguro.Balancer;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A client, a balancer and two members, each in a network of its own: client and members see nothing of each other but through the balancer's machine.</summary>
public sealed class BalancerNetworkTests : IAsyncLifetime
{
    private const int Datagrams = 200;

    private readonly List<NetworkNamespace> _networks = [];
    private readonly List<Socket> _sockets = [];
    private readonly TemporaryFolder _folder = new("balancer");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (await NetworkNamespace.WhyNotAsync() is not { } why)
            return;
        // Where the tests decide about a submission, a machine that can't do it is a failure.
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(why);
        Assert.Skip(why);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Socket socket in _sockets)
            socket.Dispose();
        foreach (NetworkNamespace network in _networks)
            await network.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("198.51.100.", "10.77.1.", "10.77.2.", "/24", "net.ipv4.ip_forward")]
    [InlineData("2001:db8::", "fd00:1::", "fd00:2::", "/64", "net.ipv6.conf.all.forwarding")]
    public async Task The_kernels_rules_copy_every_datagram_and_hide_the_members(string outside, string first, string second, string mask, string forwarding)
    {
        (NetworkNamespace client, NetworkNamespace balancer, NetworkNamespace[] members) = await BuildAsync(outside, [first, second], mask);
        await balancer.RunAsync(["sysctl", "-qw", $"{forwarding}=1"]);
        IPEndPoint publicly = new(IPAddress.Parse(outside + "1"), 13337);
        IPEndPoint[] addresses = [new(IPAddress.Parse(first + "2"), 7001), new(IPAddress.Parse(second + "2"), 7002)];
        string rules = (await SeguroProcess.RunAsync(["balancer", "--nftables", "--listen", publicly.ToString(), "--members", .. addresses.Select(static address => address.ToString())])).Ok().Output;
        await balancer.RunAsync(["nft", "-f", "-"], rules);
        await balancer.RunAsync(["nft", "-f", "-"], rules); // once more replaces them

        Socket peer = Bind(client, new IPEndPoint(IPAddress.Parse(outside + "9"), 40000));
        Socket[] ships = [Bind(members[0], addresses[0]), Bind(members[1], addresses[1])];
        for (int number = 0; number < Datagrams; number++)
        {
            peer.SendTo([(byte)number, .. new byte[number]], publicly);
            foreach (Socket ship in ships)
            {
                (byte[] datagram, IPEndPoint from) = Receive(ship);
                Assert.Equal([(byte)number, .. new byte[number]], datagram);
                Assert.Equal(peer.LocalEndPoint, from);
                ship.SendTo([(byte)Array.IndexOf(ships, ship), .. datagram], from);
                (byte[] answer, IPEndPoint answered) = Receive(peer);
                Assert.Equal([(byte)Array.IndexOf(ships, ship), .. datagram], answer);
                Assert.Equal(publicly, answered);
            }
        }
        Assert.All([peer, .. ships], static socket => Assert.Equal(0, socket.Available));

        // Without the rules nothing arrives: it was they that did it. The balancer's machine says so by ICMP, which a connected socket hears.
        await balancer.RunAsync(["nft", "delete", "table", publicly.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6", "seguro_balancer"]);
        peer.Connect(publicly);
        peer.Send([1]);
        Assert.Equal(SocketError.ConnectionRefused, Assert.Throws<SocketException>(() => peer.Receive(new byte[10])).SocketErrorCode);
        Assert.All(ships, static socket => Assert.Equal(0, socket.Available));
    }

    [Fact(Timeout = 120_000)]
    public async Task The_process_serves_members_of_other_networks_across_a_takeover()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        (NetworkNamespace client, NetworkNamespace network, NetworkNamespace[] networks) = await BuildAsync("198.51.100.", ["10.77.1.", "10.77.2."], "/24");
        KeyRing ring = await MakeKeysAsync(cancel);
        IPEndPoint publicly = IPEndPoint.Parse("198.51.100.1:13337");
        using Process process = Process.Start(new ProcessStartInfo(
            "ip",
            ["netns", "exec", network.Name, SeguroProcess.Program, "balancer", "--listen", publicly.ToString(), "--inside", "10.77.1.1:13338", "--key-file", _folder["key"], "--json"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        try
        {
            JsonElement ready = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync(cancel))!).RootElement;
            Assert.True(ready.GetProperty("ready").GetBoolean());
            await using BalancerLink first = networks[0].Enter(() => BalancerLink.Open(new IPEndPoint(IPAddress.Any, 0), new HostAddress("10.77.1.1", 13338), () => ring.Entries[0].Key, TimeProvider.System));
            await using BalancerLink second = networks[1].Enter(() => BalancerLink.Open(new IPEndPoint(IPAddress.Any, 0), new HostAddress("10.77.1.1", 13338), () => ring.Entries[1].Key, TimeProvider.System));
            Socket peer = Bind(client, IPEndPoint.Parse("198.51.100.9:40000"));
            byte[] buffer = new byte[BalancerFrame.MaxSize];
            BalancerLink[] links = [first, second];
            await UntilHeardAsync(peer, publicly, links, buffer);

            for (ulong term = 1; term <= 6; term++)
            {
                BalancerLink master = links[(int)(term % 2)];
                BalancerLink deposed = links[(int)((term + 1) % 2)];
                master.Announce(isMaster: true, new Term(term));
                byte[] question = BitConverter.GetBytes(term);
                peer.SendTo(question, publicly);
                IngressDatagram heard = await HearAsync(master, question, buffer);
                ulong number = heard.Number;
                Assert.True(master.Send(new Term(term), heard.From, heard.Payload.Span));
                (byte[] answer, IPEndPoint from) = Receive(peer);
                Assert.Equal(question, answer);
                Assert.Equal(publicly, from);
                Assert.Equal(number, (await HearAsync(deposed, question, buffer)).Number);
                // Who was master before does not know yet, and is late.
                if (term > 1)
                    deposed.Send(new Term(term - 1), heard.From, "late"u8);
            }
            // Behind the last late one, from the same socket: when it is out, the late one was seen.
            first.Send(new Term(6), PeerAddress.Of((IPEndPoint)peer.LocalEndPoint!), "last"u8);
            second.Send(new Term(6), PeerAddress.Of((IPEndPoint)peer.LocalEndPoint!), "last"u8);
            Assert.Equal("last"u8.ToArray(), Receive(peer).Datagram);
            Assert.Equal("last"u8.ToArray(), Receive(peer).Datagram);
            (await SendSignalAsync(process.Id)).Dispose();
            JsonElement stats = JsonDocument.Parse((await process.StandardOutput.ReadLineAsync(cancel))!).RootElement;
            await process.WaitForExitAsync(cancel);
            Assert.Equal(0, process.ExitCode);
            Assert.Equal(8, stats.GetProperty("released").GetInt32());
            Assert.Equal(6, stats.GetProperty("term").GetInt32());
            Assert.Equal(5, stats.GetProperty("oldTerm").GetInt32());
            Assert.Equal(0, peer.Available);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task The_kernel_carries_a_ships_datagrams_to_its_master_and_forgets_it_with_the_balancer()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        (NetworkNamespace client, NetworkNamespace network, NetworkNamespace[] networks) = await BuildAsync("198.51.100.", ["10.77.1.", "10.77.2."], "/24");
        KeyRing ring = await MakeKeysAsync(cancel);
        IPEndPoint publicly = IPEndPoint.Parse("198.51.100.1:13337");
        string[] command = ["balancer", "--route", "--listen", publicly.ToString(), "--inside", "10.77.1.1:13338", "--key-file", _folder["key"], "--json"];

        // A machine that forwards nothing would leave the ship deaf.
        await network.RunAsync(["sysctl", "-qw", "net.ipv4.ip_forward=0"]);
        using (Process refused = StartIn(network, command[..^1]))
        {
            Assert.Contains("SG3058", await refused.StandardError.ReadToEndAsync(cancel), StringComparison.Ordinal);
            await refused.WaitForExitAsync(cancel);
            Assert.Equal(3, refused.ExitCode);
        }
        await network.RunAsync(["sysctl", "-qw", "net.ipv4.ip_forward=1"]);

        Socket peer = Bind(client, IPEndPoint.Parse("198.51.100.9:40000"));
        Socket[] ships = [Bind(networks[0], IPEndPoint.Parse("10.77.1.2:7001")), Bind(networks[1], IPEndPoint.Parse("10.77.2.2:7001"))];
        BalancerLink[] links = [.. ring.Entries.Zip(networks, static (entry, member) =>
            member.Enter(() => BalancerLink.Open(new IPEndPoint(IPAddress.Any, 0), new HostAddress("10.77.1.1", 13338), () => entry.Key, TimeProvider.System)))];
        Process process = StartIn(network, command);
        try
        {
            await process.StandardOutput.ReadLineAsync(cancel);
            foreach (BalancerLink link in links)
                link.Place(7001, 0);
            peer.SendTo("nobody"u8.ToArray(), publicly); // no port unreachable comes back: the ship is away for a moment, not gone
            // Nobody is master: what members send from the ship's port goes nowhere, unrewritten least of all.
            while (!(await network.RunAsync(["nft", "list", "table", "ip", "seguro_ship"])).Contains("ip saddr 10.77.2.2 udp sport 7001 counter name \"strays\" drop", StringComparison.Ordinal))
            {
                foreach (BalancerLink link in links)
                    link.Announce(isMaster: false, Term.None);
                await Task.Delay(10, cancel);
            }
            foreach (Socket early in ships)
                early.SendTo("early"u8.ToArray(), (IPEndPoint)peer.LocalEndPoint!);
            while (!(await network.RunAsync(["nft", "list", "counter", "ip", "seguro_ship", "strays"])).Contains("packets 2 ", StringComparison.Ordinal))
                await Task.Delay(10, cancel);
            for (ulong term = 1; term <= 4; term++)
            {
                int master = (int)(term % 2);
                links[1 - master].Announce(isMaster: false, new Term(term - 1));
                await UntilRoutedAsync(term, master);
                Socket ship = ships[master];
                // Who was master before sends, and is not heard: what it says would be of a term that is over.
                ships[1 - master].SendTo("late"u8.ToArray(), (IPEndPoint)peer.LocalEndPoint!);
                for (int number = 0; number < 20; number++)
                {
                    byte[] datagram = [(byte)term, (byte)number, .. new byte[number * 70]];
                    peer.SendTo(datagram, publicly);
                    (byte[] heard, IPEndPoint from) = Receive(ship);
                    Assert.Equal(datagram, heard);
                    Assert.Equal(peer.LocalEndPoint, from);
                    ship.SendTo([(byte)master, .. datagram], from);
                    (byte[] answer, IPEndPoint answered) = Receive(peer);
                    Assert.Equal([(byte)master, .. datagram], answer);
                    Assert.Equal(publicly, answered);
                }
            }
            Assert.All([peer, .. ships], static socket => Assert.Equal(0, socket.Available));
            // What else a member's machine says goes its own way: a question to a name server, a connection.
            await client.RunAsync(["ip", "route", "add", "10.77.0.0/16", "via", "198.51.100.1"]);
            Socket asking = Bind(networks[0], IPEndPoint.Parse("10.77.1.2:5353"));
            asking.SendTo("name"u8.ToArray(), (IPEndPoint)peer.LocalEndPoint!);
            (byte[] _, IPEndPoint asker) = Receive(peer);
            Assert.Equal(asking.LocalEndPoint, asker);
            peer.SendTo("address"u8.ToArray(), asker);
            Assert.Equal("address"u8.ToArray(), Receive(asking).Datagram);
            using Socket server = client.Enter(static () =>
            {
                Socket listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                listening.Bind(IPEndPoint.Parse("198.51.100.9:443"));
                listening.Listen();
                return listening;
            });
            using Socket connected = networks[1].Enter(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await connected.ConnectAsync(IPEndPoint.Parse("198.51.100.9:443"), cancel);

            Assert.Contains("seguro_ship", await network.RunAsync(["nft", "list", "tables"]), StringComparison.Ordinal);
            process.Kill();
            await process.WaitForExitAsync(cancel);
            while ((await network.RunAsync(["nft", "list", "tables"])).Contains("seguro_ship", StringComparison.Ordinal))
                await Task.Delay(10, cancel);

            process.Dispose();
            process = StartIn(network, command);
            await process.StandardOutput.ReadLineAsync(cancel);
            await UntilRoutedAsync(4, 0);
            (await SendSignalAsync(process.Id)).Dispose();
            await process.WaitForExitAsync(cancel);
            Assert.Equal(0, process.ExitCode);
            Assert.DoesNotContain("seguro_ship", await network.RunAsync(["nft", "list", "tables"]), StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
            foreach (BalancerLink link in links)
                await link.DisposeAsync();
        }

        async Task UntilRoutedAsync(ulong term, int master)
        {
            string rule = $"ip daddr set {((IPEndPoint)ships[master].LocalEndPoint!).Address} ";
            do
            {
                links[master].Announce(isMaster: true, new Term(term));
                await Task.Delay(10, cancel);
            }
            while (!(await network.RunAsync(["nft", "list", "table", "ip", "seguro_ship"])).Contains(rule, StringComparison.Ordinal));
        }
    }

    private static Process StartIn(NetworkNamespace network, string[] words) => Process.Start(new ProcessStartInfo("ip", ["netns", "exec", network.Name, SeguroProcess.Program, .. words])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    })!;

    /// <summary>Both members have said hello, and the balancer gives them what comes in.</summary>
    private static async Task UntilHeardAsync(Socket peer, IPEndPoint publicly, BalancerLink[] links, byte[] buffer)
    {
        foreach (BalancerLink link in links)
        {
            Task<IngressDatagram> heard = link.ReceiveAsync(buffer, Cancel).AsTask();
            while (!heard.IsCompleted)
            {
                peer.SendTo("first"u8.ToArray(), publicly);
                link.Announce(isMaster: false, Term.None);
                await Task.WhenAny(heard, Task.Delay(20, Cancel));
            }
            await heard;
        }
    }

    private static async Task<IngressDatagram> HearAsync(BalancerLink link, byte[] wanted, byte[] buffer)
    {
        while (true)
        {
            IngressDatagram heard = await link.ReceiveAsync(buffer, Cancel);
            if (heard.Payload.Span.SequenceEqual(wanted))
                return heard;
        }
    }

    private static async Task<Process> SendSignalAsync(int pid)
    {
        Process kill = Process.Start("kill", ["-TERM", pid.ToString()]);
        await kill.WaitForExitAsync(Cancel);
        return kill;
    }

    private async Task<KeyRing> MakeKeysAsync(CancellationToken cancel)
    {
        KeyRing ring = new([new KeyRingEntry("m1", MemberKey.Create(), null), new KeyRingEntry("m2", MemberKey.Create(), null)]);
        await File.WriteAllTextAsync(_folder["key"], ring.ToSecretText(), cancel);
        File.SetUnixFileMode(_folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return ring;
    }

    /// <summary>A client at .9 on the outside, the balancer's machine at .1 of each network, members at .2 of theirs, with their way out through the balancer's machine.</summary>
    private async Task<(NetworkNamespace Client, NetworkNamespace Balancer, NetworkNamespace[] Members)> BuildAsync(string outside, string[] insides, string mask)
    {
        NetworkNamespace client = await MakeAsync();
        NetworkNamespace balancer = await MakeAsync();
        await NetworkNamespace.ConnectAsync(client, "out", $"{outside}9{mask}", balancer, "public", $"{outside}1{mask}");
        NetworkNamespace[] members = new NetworkNamespace[insides.Length];
        for (int index = 0; index < insides.Length; index++)
        {
            members[index] = await MakeAsync();
            await NetworkNamespace.ConnectAsync(members[index], "in", $"{insides[index]}2{mask}", balancer, $"member{index}", $"{insides[index]}1{mask}");
            await members[index].RunAsync(["ip", "route", "add", "default", "via", $"{insides[index]}1"]);
        }
        return (client, balancer, members);
    }

    private async Task<NetworkNamespace> MakeAsync()
    {
        NetworkNamespace made = await NetworkNamespace.CreateAsync();
        _networks.Add(made);
        return made;
    }

    private Socket Bind(NetworkNamespace network, IPEndPoint address)
    {
        Socket socket = network.Enter(() =>
        {
            Socket made = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 30_000 };
            made.Bind(address);
            return made;
        });
        _sockets.Add(socket);
        return socket;
    }

    private static (byte[] Datagram, IPEndPoint From) Receive(Socket socket)
    {
        byte[] buffer = new byte[2048];
        EndPoint from = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        int size = socket.ReceiveFrom(buffer, ref from);
        return (buffer[..size], (IPEndPoint)from);
    }
}
