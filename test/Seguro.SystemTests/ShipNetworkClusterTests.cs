using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>
/// Three members on machines of their own, and a balancer's machine that carries no packets for them: the ship, the stand-in for vere, has a network
/// of its own on whoever is master.
/// </summary>
public sealed class ShipNetworkClusterTests : IAsyncLifetime
{
    private static readonly IPEndPoint Public = IPEndPoint.Parse("198.51.100.1:13337");
    private static readonly string[] Names = ["m1", "m2", "m3"];
    private readonly TemporaryFolder _folder = new("networks");
    private readonly Dictionary<string, Process> _running = [];
    private readonly Dictionary<string, StringBuilder> _said = [];
    private MemberNetworks? _networks;
    private bool _hasRights = true;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if ((await NetworkNamespace.WhyNotAsync() ?? (File.Exists("/dev/net/tun") ? null : "no /dev/net/tun here")) is not { } why)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(why);
        Assert.Skip(why);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Process process in _running.Values)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
        if (_networks is { } networks)
            await networks.DisposeAsync();
        _folder.Dispose();
    }

    [Theory(Timeout = 300_000)]
    [InlineData(true)]
    [InlineData(false)] // in a user namespace, as somebody who may do nothing on the machine
    public async Task A_peer_knows_one_address_across_takeovers_and_a_killed_member_leaves_nothing_behind(bool hasRights)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        _hasRights = hasRights;
        MemberNetworks networks = _networks = await MemberNetworks.CreateAsync(Names);
        await networks.AddClientAsync("198.51.100.1", "198.51.100.9");
        // Between client and members nothing is carried, but what the members' machines say themselves.
        await networks[MemberNetworks.Hub].RunAsync(
            ["nft", "-f", "-"],
            "add table ip wall\nadd chain ip wall forward { type filter hook forward priority 0; }\n"
            + "add rule ip wall forward ip saddr 198.51.100.9 meta l4proto udp drop\nadd rule ip wall forward ip daddr 198.51.100.9 meta l4proto udp drop\n");
        foreach (string name in Names)
            await networks[name].RunAsync(["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
        await MakeAsync();
        Start("balancer", MemberNetworks.Hub, "balancer", "--listen", Public.ToString(), "--http", "198.51.100.1:80", "--inside", "10.77.0.1:13338", "--key-file", Path.Combine(_folder["c"], "balancer.keys"));
        foreach (string name in Names)
            StartMember(name);
        using Socket peer = networks.Client!.Enter(static () =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(IPEndPoint.Parse("198.51.100.9:40000"));
            return socket;
        });
        using Socket server = networks.Client.Enter(static () =>
        {
            Socket listening = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listening.Bind(IPEndPoint.Parse("198.51.100.9:443"));
            listening.Listen();
            return listening;
        });
        using HttpClient http = Client(networks.Client);

        ulong term = 0;
        for (int round = 0; round < 2; round++)
        {
            StatusReport master = await UntilMasterAsync(term);
            term = master.Term;
            // The ship answers to the lane that it heard: the peer's own, or nothing would come.
            for (int number = 0; number < 10; number++)
                await AskAsync(peer, $"round {round} number {number}");
            Assert.Equal(16, (await AskHttpAsync(http)).Length);

            // In the ship's network: its own address, and a way out for connections, which have the machine's.
            string[] inside = ["nsenter", "--net", $"--target={KingOf(master.Name)}"];
            Assert.Contains("192.0.0.8", await networks[master.Name].RunAsync([.. inside, "ip", "-4", "addr", "show", "dev", "ames"]), StringComparison.Ordinal);
            Assert.DoesNotContain(master.Warnings, static warning => warning.Contains("does not answer", StringComparison.Ordinal));
            if (hasRights)
                await LeavesAsync(master, inside);
            else
                Assert.Contains(master.Warnings, static warning => warning.StartsWith("The ship makes no connections: no cable", StringComparison.Ordinal));

            _running.Remove(master.Name, out Process? killed);
            killed!.Kill();
            await killed.WaitForExitAsync(Cancel);
            killed.Dispose();
            await AskAsync(peer, $"after the kill of round {round}");
            await AskHttpAsync(http);
            await UntilNothingIsLeftAsync(networks[master.Name], master.Name);
            StartMember(master.Name);
        }
        await UntilMasterAsync(term);

        async Task LeavesAsync(StatusReport master, string[] inside)
        {
            Task<Socket> accepting = server.AcceptAsync(cancel).AsTask();
            await networks[master.Name].RunAsync([.. inside, "bash", "-c", "exec 3<>/dev/tcp/198.51.100.9/443; echo hello >&3"]);
            using (Socket connected = await accepting)
                Assert.Equal(IPAddress.Parse(networks.AddressOf(master.Name)), ((IPEndPoint)connected.RemoteEndPoint!).Address);
            Assert.DoesNotContain(master.Warnings, static warning => warning.Contains("connections", StringComparison.Ordinal));
            Assert.Contains("masquerade", await networks[master.Name].RunAsync(["nft", "list", "ruleset"]), StringComparison.Ordinal);
            // And no way in that is not an answer: what the machine sends there is refused as it leaves.
            string cable = await networks[master.Name].RunAsync([.. inside, "ip", "-4", "-o", "addr", "show", "dev", "machine"]);
            string ship = cable.Split("inet ")[1].Split('/')[0];
            InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(
                () => networks[master.Name].RunAsync(["bash", "-c", $"echo hello > /dev/udp/{ship}/31337"]));
            Assert.Contains("not permitted", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task What_a_network_needs_and_is_not_there_is_said_by_name()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        _networks = await MemberNetworks.CreateAsync(Names);
        cancel.ThrowIfCancellationRequested();
        await MakeAsync();
        Start("m1", "m1", "run", "-c", Configuration("m1"), "--set", "vere:network=namespace", "--set", "balancer:address=", "--set", "balancer:key=");
        Assert.Equal(2, await EndAsync("m1"));
        Assert.Contains("vere:network", _said["m1"].ToString(), StringComparison.Ordinal);
        Start("m1", "m1", "run", "-c", Configuration("m1"), "--set", "vere:network=namespace", "--set", "vere:arguments=--http-port 8080");
        Assert.Equal(2, await EndAsync("m1"));
        Assert.Contains("-p 31337", _said["m1"].ToString(), StringComparison.Ordinal);
        // Without the right to make one. The first member waits for no other before it says so: the log is in its own store.
        string pierStore = $"sqlite:{_folder["own.db"]}";
        (await SeguroProcess.RunAsync("pier", "import", _folder["other"], "--store", pierStore)).Ok();
        StartProcess("m1", "m1", ["setpriv", "--bounding-set=-sys_admin", "--", SeguroProcess.Program, "run", "-c", Configuration("m1"), "--set", "vere:network=namespace",
            "--set", $"store={pierStore}", "--set", "allowUnsafeSettings=true", "--set", "ship:kernel=import"]);
        Assert.Equal(3, await EndAsync("m1"));
        Assert.Contains("SG3059", _said["m1"].ToString(), StringComparison.Ordinal);
        Assert.Contains("CAP_SYS_ADMIN", _said["m1"].ToString(), StringComparison.Ordinal);
    }

    private string Configuration(string name) => Path.Combine(_folder["c"], name, "seguro.json");

    private string Data(string name) => Path.Combine(_folder["c"], name, "data");

    private async Task MakeAsync()
    {
        string vere = _folder["vere"];
        await File.WriteAllTextAsync(vere, $"#!/bin/sh\nSTANDIN_VERE_NETWORK=1 exec '{StandInVere.Program}' \"$@\"\n", Cancel);
        File.SetUnixFileMode(vere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await Tool.RunAsync([StandInVere.Program, "-F", "zod", "-t", "-x", "-p", $"{FreePort.Next()}", "--http-port", $"{FreePort.Next()}", "-c", _folder["zod"]]);
        await Tool.RunAsync(["cp", "-a", "--sparse=always", _folder["zod"], _folder["other"]]);
        (await SeguroProcess.RunAsync(
            "cluster", "init", _folder["c"], "--members", "3", "--hosts", string.Join(',', Names.Select(_networks!.AddressOf)), "--kind", "vere", "--vere-binary", vere,
            "--vere-arguments", "-p 31337 --http-port 8080", "--import", _folder["zod"], "--balancer", "10.77.0.1:13338")).Ok();
    }

    private void StartMember(string name) => StartProcess(
        name, name,
        [.. _hasRights ? [] : (string[])["unshare", "--map-root-user", "--"], SeguroProcess.Program, "run", "-c", Configuration(name), "--set", "vere:network=namespace", "--set", "snapshotEvery=20"]);

    private void Start(string name, string place, params string[] words) => StartProcess(name, place, [SeguroProcess.Program, .. words]);

    private void StartProcess(string name, string place, string[] words)
    {
        ProcessStartInfo start = new("ip", ["netns", "exec", _networks![place].Name, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        Process process = Process.Start(start)!;
        StringBuilder said = _said[name] = new StringBuilder();
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running[name] = process;

        void Take(object sender, DataReceivedEventArgs line)
        {
            lock (said)
                said.AppendLine(line.Data);
        }
    }

    private async Task<int> EndAsync(string name)
    {
        _running.Remove(name, out Process? process);
        await process!.WaitForExitAsync(Cancel);
        int code = process.ExitCode;
        process.Dispose();
        return code;
    }

    private async Task<StatusReport> UntilMasterAsync(ulong above)
    {
        while (true)
        {
            foreach (string name in Names.Where(_running.ContainsKey))
            {
                if (_running[name].HasExited)
                    Assert.Fail($"{name} ended: {_said[name]}");
                using AdminClient client = new(Path.Combine(Data(name), "admin.sock"));
                try
                {
                    StatusReport status = await client.ReadStatusAsync(Cancel);
                    if (status.Role == "master" && status.Term > above && status.Replicas.Count(static replica => replica.Healthy) == 2)
                        return status;
                }
                catch (SeguroException)
                {
                    // Not there yet.
                }
            }
            await Task.Delay(50, Cancel);
        }
    }

    /// <summary>Asks again until the answer to this very question comes, as Ames does.</summary>
    private static async Task AskAsync(Socket peer, string question)
    {
        byte[] buffer = new byte[2048];
        byte[] bytes = Encoding.ASCII.GetBytes(question);
        while (true)
        {
            await peer.SendToAsync(bytes, Public, Cancel);
            using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            soon.CancelAfter(200);
            try
            {
                while (true)
                {
                    SocketReceiveFromResult got = await peer.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), soon.Token);
                    Assert.Equal(Public, got.RemoteEndPoint);
                    if (buffer.AsSpan(0, got.ReceivedBytes).IndexOf(bytes) >= 0)
                        return;
                }
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                // Once more.
            }
        }
    }

    private static async Task<byte[]> AskHttpAsync(HttpClient http)
    {
        while (true)
        {
            try
            {
                return await http.GetByteArrayAsync(new Uri("http://198.51.100.1/"), Cancel);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, Cancel); // cut by the takeover
            }
        }
    }

    private static HttpClient Client(NetworkNamespace network) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancel) =>
        {
            Socket socket = network.Enter(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync(IPEndPoint.Parse("198.51.100.1:80"), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private int KingOf(string name) => Processes(name).First(static process => process.Command.Contains("--serf-bin", StringComparison.Ordinal)).Id;

    private IEnumerable<(int Id, string Command)> Processes(string name)
    {
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            string command = "";
            try
            {
                if (int.TryParse(Path.GetFileName(path), out _))
                    command = File.ReadAllText(Path.Combine(path, "cmdline")).Replace('\0', ' ');
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
            if (command.Contains(Data(name), StringComparison.Ordinal) && !command.Contains("dqlite-node", StringComparison.Ordinal))
                yield return (int.Parse(Path.GetFileName(path)), command);
        }
    }

    private async Task UntilNothingIsLeftAsync(NetworkNamespace machine, string name)
    {
        while (Processes(name).Any())
            await Task.Delay(20, Cancel);
        while ((await machine.RunAsync(["ip", "-o", "link"])).Contains(" sg", StringComparison.Ordinal)
            || (await machine.RunAsync(["nft", "list", "ruleset"])).Contains("masquerade", StringComparison.Ordinal))
            await Task.Delay(20, Cancel);
    }
}
