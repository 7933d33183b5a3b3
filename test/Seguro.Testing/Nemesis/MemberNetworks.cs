using System.Text;

namespace Seguro.Testing;

/// <summary>
/// A network of its own for each member, all on one bridge, so that whatever a member says (links, database, datagrams) can be cut, one way or both, by the kernel's filter. The machine with
/// the bridge, <see cref="Hub"/>, is where the balancer and the clients live. Needs root.
/// </summary>
public sealed class MemberNetworks : IAsyncDisposable
{
    /// <summary>The place of balancer and clients.</summary>
    public const string Hub = "hub";

    private readonly Dictionary<string, NetworkNamespace> _networks = [];

    private MemberNetworks(IReadOnlyList<string> members) => Members = members;

    /// <summary>A client beyond the hub, where one was asked for: it knows the hub's public address, and members reach it through the hub.</summary>
    public NetworkNamespace? Client { get; private set; }

    /// <summary>The members.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>All places, the hub first.</summary>
    public IEnumerable<string> Places => [Hub, .. Members];

    /// <summary>The network of a place.</summary>
    public NetworkNamespace this[string place] => _networks[place];

    /// <summary>Lays the cables.</summary>
    /// <exception cref="InvalidOperationException">The user is not root, or the machine does not let it.</exception>
    public static async Task<MemberNetworks> CreateAsync(IReadOnlyList<string> members)
    {
        MemberNetworks made = new(members);
        try
        {
            NetworkNamespace hub = made._networks[Hub] = await NetworkNamespace.CreateAsync();
            await Tool.RunAsync(["ip", "-n", hub.Name, "link", "add", "bridge", "type", "bridge"]);
            await Tool.RunAsync(["ip", "-n", hub.Name, "address", "add", made.AddressOf(Hub) + "/24", "dev", "bridge"]);
            await Tool.RunAsync(["ip", "-n", hub.Name, "link", "set", "bridge", "up"]);
            foreach (string member in members)
            {
                NetworkNamespace network = made._networks[member] = await NetworkNamespace.CreateAsync();
                await Tool.RunAsync(["ip", "link", "add", "card", "netns", network.Name, "type", "veth", "peer", "name", member, "netns", hub.Name]);
                await Tool.RunAsync(["ip", "-n", hub.Name, "link", "set", member, "master", "bridge", "up"]);
                await Tool.RunAsync(["ip", "-n", network.Name, "address", "add", made.AddressOf(member) + "/24", "dev", "card"]);
                await Tool.RunAsync(["ip", "-n", network.Name, "link", "set", "card", "up"]);
            }
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>A place's address: the same in every run, for nobody else sees these networks.</summary>
    public string AddressOf(string place) => place == Hub ? "10.77.0.1" : $"10.77.0.{11 + Members.ToList().IndexOf(place)}";

    /// <summary>Cuts these directions, and drops so many of a hundred datagrams everywhere; all other directions are whole.</summary>
    public async Task SetAsync(IReadOnlyCollection<(string From, string To)> cut, int lostDatagrams = 0)
    {
        foreach (string place in Places)
        {
            string[] from = [.. cut.Where(link => link.To == place).Select(link => AddressOf(link.From)).Distinct()];
            await _networks[place].RunAsync(["nft", "-f", "-"], RulesFor(from, lostDatagrams));
        }
    }

    /// <summary>Lays a cable from the hub to a client outside; the hub forwards between the client and the members.</summary>
    /// <param name="hub">The hub's public address.</param>
    /// <param name="client">The client's.</param>
    public async Task AddClientAsync(string hub, string client)
    {
        Client = await NetworkNamespace.CreateAsync();
        await NetworkNamespace.ConnectAsync(Client, "out", client + "/24", this[Hub], "public", hub + "/24");
        await Tool.RunAsync(["ip", "-n", Client.Name, "route", "add", "default", "via", hub]);
        await this[Hub].RunAsync(["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
        foreach (string member in Members)
            await Tool.RunAsync(["ip", "-n", this[member].Name, "route", "add", "default", "via", AddressOf(Hub)]);
    }

    /// <summary>Everything is whole.</summary>
    public Task HealAsync() => SetAsync([]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NetworkNamespace network in _networks.Values)
            await network.DisposeAsync();
        if (Client is not null)
            await Client.DisposeAsync();
    }

    // The first two lines make the file replace what was there, in one step.
    private static string RulesFor(string[] from, int lostDatagrams)
    {
        StringBuilder rules = new("table inet nemesis\ndelete table inet nemesis\ntable inet nemesis {\n chain arriving {\n  type filter hook input priority 0\n");
        if (from.Length > 0)
            rules.Append($"  ip saddr {{ {string.Join(", ", from)} }} drop\n");
        if (lostDatagrams > 0)
            rules.Append($"  iifname != \"lo\" meta l4proto udp numgen random mod 100 < {lostDatagrams} drop\n");
        return rules.Append(" }\n}\n").ToString();
    }
}
