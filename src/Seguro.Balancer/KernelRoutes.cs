using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>
/// Lets the kernel of the balancer's machine carry a vere ship's datagrams to the master and back: the ship hears them from their true senders, and what it sends leaves from the public address.
/// The rules follow the master, with its term, and what any other member sends from the ship's port is dropped and counted; while nobody is master, what every member sends.
/// </summary>
/// <remarks>
/// <para>From nft(8): payload statements that rewrite addresses and mend checksums, <c>notrack</c>, so that no flow stays with a master that is gone, and <c>flags owner</c>: the table belongs to a
/// process of <c>nft</c>'s, which ends when this one does, and the kernel removes it with it, however this one ended. Needs Linux 5.12, nftables 1.0, and CAP_NET_ADMIN.</para>
/// <para>Threading: one <see cref="RunAsync"/>.</para>
/// </remarks>
public sealed class KernelRoutes : IAsyncDisposable
{
    /// <summary>The table's name.</summary>
    public const string Table = "seguro_ship";

    private const string StrayCounter = "strays";
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromSeconds(2);

    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly IPEndPoint _listen;
    private readonly ShipPlaces _places;
    private readonly Meter _meter = new("Seguro.Balancer");
    private readonly Action<string> _notice;
    private readonly Process _nft;
    private readonly Task<string> _errors;
    private int _marks;
    private long _strays;

    private KernelRoutes(IPEndPoint listen, ShipPlaces places, Action<string> notice, Process nft)
    {
        _listen = listen;
        _places = places;
        _notice = notice;
        _nft = nft;
        _errors = nft.StandardError.ReadLineAsync().ContinueWith(static line => line.Result ?? "it ended", CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _meter.CreateObservableCounter("seguro.balancer.strays", () => Strays, "{datagram}", "Datagrams from the ship's port of members that are not master, which the kernel dropped.");
    }

    /// <summary>Datagrams from the ship's port of members that are not master, which the kernel dropped; some seconds old.</summary>
    public long Strays => Volatile.Read(ref _strays);

    /// <summary>Makes the table, in which nobody is master: what comes for the public address is dropped from now on.</summary>
    /// <param name="listen">The public address, a definite IPv4 one of this machine.</param>
    /// <param name="balancer">Knows who is master.</param>
    /// <param name="notice">Hears what people should know, each a full sentence.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.BadValue"/>: the address; <see cref="ErrorCode.NotForwarding"/>: this machine forwards nothing; <see cref="ErrorCode.MissingLibrary"/>: nft is not installed;
    /// <see cref="ErrorCode.ProcessFailed"/>: the kernel refused the table.
    /// </exception>
    public static async Task<KernelRoutes> StartAsync(IPEndPoint listen, UdpBalancer balancer, Action<string> notice, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(balancer);
        if (listen.AddressFamily != AddressFamily.InterNetwork || listen.Address.Equals(IPAddress.Any) || IPAddress.IsLoopback(listen.Address) || listen.Port == 0)
            throw new SeguroException(ErrorCode.BadValue, $"the kernel's rules need one public IPv4 address and a port, not {listen}", "Name the address that outside peers send to with --listen.");
        if (File.Exists(Forwarding) && (await File.ReadAllTextAsync(Forwarding, cancel)).Trim() != "1")
            throw new SeguroException(ErrorCode.NotForwarding, "this machine's kernel forwards no packets, so the ship would neither hear nor be heard", "Let it: sysctl -w net.ipv4.ip_forward=1 (and in /etc/sysctl.d, for the next start).");
        Process nft;
        try
        {
            nft = Process.Start(new ProcessStartInfo("nft", "-i") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        }
        catch (ExternalException missing)
        {
            throw new SeguroException(ErrorCode.MissingLibrary, $"nft can't be started: {missing.Message}", "Install it: apt install nftables.", missing);
        }
        KernelRoutes routes = new(listen, balancer.Ship, notice, nft);
        try
        {
            await routes.DoAsync(
                $"add table ip {Table} {{ flags owner; }}\n" +
                $"add counter ip {Table} {StrayCounter}\n" +
                $"add chain ip {Table} arriving {{ type filter hook prerouting priority -310; policy accept; }}\n" +
                $"add chain ip {Table} leaving {{ type filter hook postrouting priority 300; policy accept; }}\n" +
                routes.Rules(null),
                cancel);
            return routes;
        }
        catch
        {
            await routes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Follows the master until it is cancelled; then it returns.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: the kernel refused a rule, or nft ended; the ship can't be reached then.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            ShipPlace? routed = null;
            string rules = "";
            while (true)
            {
                (ShipPlace? place, Task changed) = _places.Look();
                ShipPlace? wanted = place is { UdpPort: > 0 } && place.Address.AddressFamily == AddressFamily.InterNetwork ? place with { HttpPort = 0 } : null;
                if (Rules(wanted) is var next && next != rules)
                    await DoAsync(rules = next, cancel);
                if (wanted != routed)
                {
                    routed = wanted;
                    _notice(wanted is null
                        ? "Nobody is master: the ship's datagrams are dropped."
                        : string.Create(CultureInfo.InvariantCulture, $"The ship's datagrams go to {wanted.Member} at {wanted.Address}:{wanted.UdpPort}, the master of term {wanted.Term}."));
                }
                Task ended = await Task.WhenAny(changed, _errors, Task.Delay(BetweenCounts, cancel)).WaitAsync(cancel);
                if (ended == _errors)
                    throw Refused(await _errors);
                if (ended != changed)
                    await CountAsync(cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>Ends nft, with which the kernel removes the table.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _nft.StandardInput.Close();
            using CancellationTokenSource patience = new(Patience);
            await _nft.WaitForExitAsync(patience.Token);
        }
        catch (Exception stuck) when (stuck is OperationCanceledException or IOException)
        {
            _nft.Kill();
            await _nft.WaitForExitAsync(CancellationToken.None);
        }
        _nft.Dispose();
        _meter.Dispose();
    }

    /// <summary>All rules anew, in one step: what a line of nft says happens at once or not at all.</summary>
    private string Rules(ShipPlace? place)
    {
        string? master = place?.Address.ToString();
        IEnumerable<string> strays = _places.Known
            .Where(known => known.Address.AddressFamily == AddressFamily.InterNetwork)
            .Select(known => (Address: known.Address.ToString(), known.UdpPort))
            .Where(known => known.Address != master)
            .Distinct().Order()
            .Select(known => $"add rule ip {Table} arriving ip saddr {known.Address} udp sport {known.UdpPort} counter name {StrayCounter} drop");
        // What another member still sends from the ship's port is of a term that is over, and unrewritten it would lead peers past the public address.
        string[] changes = [$"flush table ip {Table}", .. strays, .. place is null ? Nowhere() : To(place)];
        return string.Join("; ", changes) + "\n";
    }

    private IEnumerable<string> Nowhere() => [$"add rule ip {Table} arriving ip daddr {_listen.Address} udp dport {_listen.Port} drop"];

    private IEnumerable<string> To(ShipPlace place)
    {
        string master = place.Address.ToString();
        yield return $"add rule ip {Table} arriving ip daddr {_listen.Address} udp dport {_listen.Port} notrack ip daddr set {master} udp dport set {place.UdpPort}";
        yield return $"add rule ip {Table} arriving ip saddr {master} udp sport {place.UdpPort} notrack";
        // The source only here: one of this machine's own that comes in is a martian.
        yield return $"add rule ip {Table} leaving ip saddr {master} udp sport {place.UdpPort} ip saddr set {_listen.Address} udp sport set {_listen.Port}";
    }

    /// <summary>Asks the kernel how much it dropped.</summary>
    private async Task CountAsync(CancellationToken cancel)
    {
        await _nft.StandardInput.WriteAsync($"list counter ip {Table} {StrayCounter}\n".AsMemory(), cancel);
        await _nft.StandardInput.FlushAsync(cancel);
        Task<string> said = PacketsAsync();
        if (await Task.WhenAny(said, _errors).WaitAsync(Patience, cancel) == _errors)
            throw Refused(await _errors);
        string[] words = (await said).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (Array.IndexOf(words, "packets") is >= 0 and int at && at + 1 < words.Length && long.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
            Volatile.Write(ref _strays, count);

        async Task<string> PacketsAsync()
        {
            await UntilAsync($"counter {StrayCounter}", cancel); // what lies before is of a mark
            return await UntilAsync("packets ", cancel);
        }
    }

    /// <summary>Has nft do something, and waits until it says that it is done.</summary>
    private async Task DoAsync(string commands, CancellationToken cancel)
    {
        string mark = string.Create(CultureInfo.InvariantCulture, $"seguro_mark_{++_marks}");
        StringBuilder text = new(commands);
        // A counter with a name of its own: it is listed only where all before it was taken.
        text.Append(CultureInfo.InvariantCulture, $"add counter ip {Table} {mark}\nlist counter ip {Table} {mark}\n");
        Task<string> done;
        try
        {
            await _nft.StandardInput.WriteAsync(text, cancel);
            await _nft.StandardInput.FlushAsync(cancel);
            done = UntilAsync($"counter {mark}", cancel);
        }
        catch (IOException)
        {
            throw Refused(await _errors);
        }
        Task first = await Task.WhenAny(done, _errors).WaitAsync(Patience, cancel);
        if (first == _errors)
            throw Refused(await _errors);
        await done;
        await _nft.StandardInput.WriteAsync($"delete counter ip {Table} {mark}\n".AsMemory(), cancel);
        await _nft.StandardInput.FlushAsync(cancel);
    }

    private async Task<string> UntilAsync(string text, CancellationToken cancel)
    {
        while (await _nft.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal) && !line.Contains("list", StringComparison.Ordinal) && !line.Contains("add", StringComparison.Ordinal))
                return line;
        }
        return await _errors;
    }

    private static SeguroException Refused(string why) => new(
        ErrorCode.ProcessFailed,
        $"nft did not do what it was told: {why}",
        "Run the balancer as root, or with CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN), one on this machine, with nftables 1.0 and Linux 5.12 or later.");
}
