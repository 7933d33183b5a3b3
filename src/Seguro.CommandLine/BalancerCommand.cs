using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.CommandLine;

/// <summary><c>seguro balancer</c>: one public address in front of all members.</summary>
internal static class BalancerCommand
{
    private static readonly Option<string?> Listen = new("--listen") { Description = "The public address: what arrives here goes to every member, and effects leave from here.", HelpName = "IP:PORT" };
    private static readonly Option<string?> Http = new("--http") { Description = "For a ship on vere: where HTTP clients come; their connections are carried to the master's ship, and cut when it goes to another.", HelpName = "IP:PORT" };
    private static readonly Option<bool> Route = new("--route") { Description = "For a ship on vere: let this machine's kernel carry the datagrams of --listen to the master's ship and back, with their true senders, by nftables (needs CAP_NET_ADMIN)." };
    private static readonly Option<string?> Inside = new("--inside") { Description = "Where members send hellos and effects; this machine's address on their network; where the public address is loopback, the port after that, or after those of --ships.", HelpName = "HOST:PORT" };
    private static readonly Option<int> Ships = new("--ships") { Description = "For a cluster of nodes: how many ships; number n (seguro ship list) has the ports of --listen and --inside plus n. A port costs next to nothing: leave room.", HelpName = "N", DefaultValueFactory = static _ => 1 };
    private static readonly Option<string[]> Members = new("--members") { Description = "With --nftables: the members that get the datagrams.", HelpName = "HOST:PORT", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> KeyFile = new("--key-file") { Description = "The members' keys: balancer.keys, as `seguro cluster init` makes it. It may be replaced while the balancer runs.", HelpName = "FILE" };
    private static readonly Option<double> Every = new("--stats") { Description = "Print the counts every so many seconds; they are always printed at the end.", HelpName = "SECONDS" };
    private static readonly Option<bool> Nftables = new("--nftables") { Description = "Print rules that let the kernel do the copying instead, and end." };

    private const string Description = "Give each datagram of a public address to every member, and send out what the master releases; until Ctrl-C or SIGTERM.";

    /// <summary>The verb of the <c>seguro</c> command.</summary>
    public static Command Create(PlainTerminal terminal) => Fill(new Command("balancer", Description), terminal);

    /// <summary>The same as a program of its own: <c>seguro-balancer</c>, which brings nothing else along.</summary>
    public static RootCommand CreateRoot(PlainTerminal terminal)
    {
        RootCommand root = new(Description) { CommandAction.Json };
        Fill(root, terminal);
        return root;
    }

    private static Command Fill(Command command, PlainTerminal terminal)
    {
        foreach (Option option in (Option[])[Listen, Ships, Http, Route, Inside, Members, KeyFile, Every, Nftables])
            command.Options.Add(option);
        return command.Does(terminal, async (parse, cancel) =>
        {
            IPEndPoint? listen = parse.GetValue(Listen) is { } text ? ParseEndPoint(text, "--listen") : null;
            if (listen is null && (parse.GetValue(Http) is null || parse.GetValue(Route) || parse.GetValue(Nftables)))
                throw new SeguroException(ErrorCode.Usage, "--listen is missing", "Name the public address for datagrams, such as --listen 192.0.2.1:13337; only with --http, without --route, it may be left out.");
            if (parse.GetValue(Ships) != 1 && (parse.GetValue(Http) is not null || parse.GetValue(Route) || parse.GetValue(Nftables)))
                throw new SeguroException(ErrorCode.Usage, "--ships goes with --listen alone", "--http, --route and --nftables are for one ship: start a balancer of its own for it.");
            HostAddress[] members = [.. (parse.GetValue(Members) ?? []).Select(ParseMember)];
            if (parse.GetValue(Nftables))
            {
                terminal.Output.Write(KernelRules.For(listen!, [.. members.Select(ParseLiteral)]));
                return 0;
            }
            if (members.Length > 0)
                throw new SeguroException(ErrorCode.Usage, "--members goes with --nftables", "Leave it out: members announce themselves.");
            return await RunAsync(parse, terminal, listen, cancel);
        });
    }

    private static async Task<int> RunAsync(ParseResult parse, PlainTerminal terminal, IPEndPoint? listen, CancellationToken cancel)
    {
        double seconds = parse.GetValue(Every);
        if (seconds is < 0 or > 86400 || double.IsNaN(seconds))
            throw new SeguroException(ErrorCode.BadValue, "--stats is a number of seconds from 0 (only at the end) to 86400", "Choose another number.");
        string keyFile = parse.GetValue(KeyFile)
            ?? throw new SeguroException(ErrorCode.Usage, "--key-file is missing", "Name balancer.keys, which `seguro cluster init` made; `seguro cluster keys rotate FOLDER` makes a new one.");
        IPEndPoint? http = parse.GetValue(Http) is { } text ? ParseEndPoint(text, "--http") : null;
        bool isRouted = parse.GetValue(Route);
        int ships = parse.GetValue(Ships);
        IPEndPoint inside = await InsideAsync(parse.GetValue(Inside), listen, ships, cancel);
        BalancerOptions options = OptionsOf(terminal, isRouted ? null : listen, inside, KeyFiles.LoadRing(keyFile)) with { Ships = ships };
        terminal.Outlive();
        bool json = parse.GetValue(CommandAction.Json);
        using UdpBalancer balancer = UdpBalancer.Bind(options, TimeProvider.System);
        using HttpRelay? relay = http is null ? null : HttpRelay.Bind(http, balancer.Ship, TimeProvider.System);
        await using KernelRoutes? routes = isRouted ? await KernelRoutes.StartAsync(listen!, balancer, terminal.Note, cancel) : null;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] running = [balancer.RunAsync(stop.Token), relay?.RunAsync(stop.Token) ?? Task.CompletedTask, routes?.RunAsync(stop.Token) ?? Task.CompletedTask];
        Task all = EndTogetherAsync(running, stop);
        PrintReady(terminal, balancer, relay, isRouted ? listen : null, json);
        if (seconds > 0)
            await PrintEveryAsync(terminal, () => StatsOf(balancer, relay, routes), json, TimeSpan.FromSeconds(seconds), all);
        await all;
        PrintStats(terminal, StatsOf(balancer, relay, routes), json);
        return 0;
    }

    private static BalancerOptions OptionsOf(PlainTerminal terminal, IPEndPoint? listen, IPEndPoint inside, KeyFile<KeyRing> keys)
    {
        string? said = null;
        return new BalancerOptions
        {
            Listen = listen,
            Inside = inside,
            Keys = () =>
            {
                KeyRing ring = keys.Current;
                if (keys.Problem is { } problem && problem != said)
                    terminal.Warn(problem);
                said = keys.Problem;
                return ring;
            },
            Notice = terminal.Warn,
        };
    }

    /// <summary>One that fails ends all: half a balancer is none.</summary>
    private static async Task EndTogetherAsync(IReadOnlyList<Task> parts, CancellationTokenSource stop)
    {
        foreach (Task part in parts)
            _ = part.ContinueWith(static (_, stop) => ((CancellationTokenSource)stop!).Cancel(), stop, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        await Task.WhenAll(parts);
    }

    private static BalancerStats StatsOf(UdpBalancer balancer, HttpRelay? relay, KernelRoutes? routes) => balancer.Stats with { Http = relay?.Stats, Strays = routes?.Strays };

    private static async Task PrintEveryAsync(PlainTerminal terminal, Func<BalancerStats> stats, bool json, TimeSpan between, Task running)
    {
        while (true)
        {
            Task pause = Task.Delay(between, CancellationToken.None);
            if (await Task.WhenAny(running, pause) == running)
                return;
            PrintStats(terminal, stats(), json);
        }
    }

    private static void PrintReady(PlainTerminal terminal, UdpBalancer balancer, HttpRelay? relay, IPEndPoint? routed, bool json)
    {
        (int outside, int inside) = balancer.ReceiveBuffers;
        if (json)
        {
            terminal.Json(new
            {
                ready = true,
                listen = (balancer.TakesDatagrams ? balancer.Public : routed)?.ToString(),
                ships = balancer.Ships,
                routed = routed is not null,
                http = relay?.Address.ToString(),
                inside = balancer.Inside.ToString(),
                publicBuffer = outside,
                insideBuffer = inside,
                maxDatagram = BalancerFrame.MaxPayload,
            });
        }
        else
        {
            if (balancer.Ships > 1)
                terminal.Output.WriteLine($"The datagrams of {balancer.Ships} ships come in at {balancer.Public.Address}, ports {balancer.Public.Port} to {balancer.PublicOf(balancer.Ships - 1).Port}; members send to {balancer.Inside.Address}, ports {balancer.Inside.Port} to {balancer.InsideOf(balancer.Ships - 1).Port}. The kernel holds {ByteSize.Format(outside)} and {ByteSize.Format(inside)} of what comes in for each.");
            else if (balancer.TakesDatagrams)
                terminal.Output.WriteLine($"The ship's datagrams come in at {balancer.Public}; members send to {balancer.Inside}. The kernel holds {ByteSize.Format(outside)} and {ByteSize.Format(inside)} of what comes in.");
            else
                terminal.Output.WriteLine($"{(routed is null ? "" : $"The kernel carries the ship's datagrams from {routed} to its master and back. ")}Members send to {balancer.Inside}.");
            if (relay is not null)
                terminal.Output.WriteLine($"HTTP clients come to {relay.Address}.");
            if (balancer.TakesDatagrams && balancer.Public.AddressFamily is AddressFamily.InterNetworkV6)
                terminal.Output.WriteLine("Urbit's network is IPv4: what comes from IPv6 peers is counted and dropped.");
        }
        terminal.Output.Flush();
    }

    private static void PrintStats(PlainTerminal terminal, BalancerStats stats, bool json)
    {
        if (json)
        {
            terminal.Json(stats);
        }
        else
        {
            (string Name, long Count)[] dropped =
            [
                ("too large", stats.TooLarge), ("not IPv4", stats.NotIPv4), ("no member", stats.WithoutMember), ("copies not sent", stats.CopiesRefused), ("public buffer full", stats.PublicOverflow),
                ("old term", stats.OldTerm), ("effects not sent", stats.ReleasesRefused), ("hellos repeated", stats.HellosRepeated), ("hellos of too many", stats.HellosTooMany),
                ("no frames", stats.Malformed), ("forged", stats.Forged), ("unknown key", stats.UnknownKey), ("unknown sender", stats.UnknownSender), ("wrong kind", stats.WrongKind), ("wrong ship", stats.WrongShip), ("inner buffer full", stats.InsideOverflow),
            ];
            string drops = string.Join(", ", dropped.Where(static drop => drop.Count > 0).Select(static drop => $"{drop.Name} {drop.Count}"));
            terminal.Output.WriteLine(
                $"datagrams in {stats.Datagrams}, copies out {stats.Copies}, effects out {stats.Released}, {(stats.Ships is { } ships ? $"ships with members or datagrams {ships.Count}" : $"members {stats.Members}, term {stats.Term}")}{(stats.TermsRefused + stats.TermsTakenBack > 0 ? $" (not believed {stats.TermsRefused}, taken back {stats.TermsTakenBack})" : "")}; dropped: {(drops.Length == 0 ? "none" : drops)}");
            if (stats.Strays is { } strays)
                terminal.Output.WriteLine($"datagrams of members that are not master, dropped by the kernel: {strays}");
            if (stats.Http is { } http)
                terminal.Output.WriteLine($"HTTP connections {http.Accepted}, open {http.Open}, cut at takeovers {http.Cut}; no ship for too long {http.Unserved}, ended to make room {http.MadeRoom}");
        }
        terminal.Output.Flush();
    }

    /// <summary>One address of this machine, where only the members come: by its name, too.</summary>
    private static async Task<IPEndPoint> InsideAsync(string? text, IPEndPoint? listen, int ships, CancellationToken cancel)
    {
        if (text is null)
        {
            if (listen is null || !IPAddress.IsLoopback(listen.Address))
                throw new SeguroException(ErrorCode.Usage, "--inside is missing", "Name this machine's address on the members' network, such as --inside 10.0.0.254:13338: the world has no business there.");
            return listen.Port > 0 && ships > 0 && listen.Port + ships <= IPEndPoint.MaxPort
                ? new IPEndPoint(listen.Address, listen.Port + ships)
                : throw new SeguroException(ErrorCode.BadValue, $"there is no port for the members' side after those from {listen.Port} on", "Name an address with --inside.");
        }
        if (!HostAddress.TryParse(text, out HostAddress address))
            return RefuseEvery(ParseEndPoint(text, "--inside")); // with port 0, for one that is free
        try
        {
            IPAddress found = IPAddress.TryParse(address.Host, out IPAddress? literal) ? literal : (await Dns.GetHostAddressesAsync(address.Host, cancel))[0];
            return RefuseEvery(new IPEndPoint(found, address.Port));
        }
        catch (SocketException error)
        {
            throw new SeguroException(ErrorCode.BadValue, $"--inside: {address.Host} can't be found: {error.Message}", "Use an IP address of this machine.", error);
        }
    }

    private static IPEndPoint RefuseEvery(IPEndPoint inside) => inside.Address.Equals(IPAddress.Any) || inside.Address.Equals(IPAddress.IPv6Any)
        ? throw new SeguroException(ErrorCode.BadValue, $"--inside {inside} is every address of this machine, the public one too", "Name the one on the members' network.")
        : inside;

    private static IPEndPoint ParseEndPoint(string text, string option) =>
        IPEndPoint.TryParse(text, out IPEndPoint? address) && text.LastIndexOf(':') > text.LastIndexOf(']') && (address.AddressFamily != AddressFamily.InterNetworkV6 || text[0] == '[')
            ? address
            : throw new SeguroException(ErrorCode.BadValue, $"{option}: '{text}' is not an address and a port", "Write IP:PORT, such as 0.0.0.0:13337 or [::]:13337.");

    private static HostAddress ParseMember(string text) => HostAddress.TryParse(text, out HostAddress address)
        ? address
        : throw new SeguroException(ErrorCode.BadValue, $"--members: '{text}' is not a host and a port", "Write HOST:PORT, such as 10.0.0.1:13340 or [fd00::1]:13340.");

    private static IPEndPoint ParseLiteral(HostAddress address) => IPAddress.TryParse(address.Host, out IPAddress? literal)
        ? new IPEndPoint(literal, address.Port)
        : throw new SeguroException(ErrorCode.BadValue, $"--members: the kernel's rules need addresses, and '{address.Host}' is a name", "Write the member's IP address.");
}
