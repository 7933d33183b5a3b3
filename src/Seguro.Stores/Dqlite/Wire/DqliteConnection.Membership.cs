namespace Seguro.Stores.Dqlite;

public sealed partial class DqliteConnection
{
    /// <summary>More servers than this in one answer are not believed.</summary>
    private const int MostServers = 1024;

    /// <summary>Asks who the leader is, in this node's opinion; <see langword="null"/> where it knows of none.</summary>
    public async ValueTask<DqliteServer?> LeaderAsync(CancellationToken cancel)
    {
        Begin(RequestType.Leader).Word(0);
        using ResponseFrame answer = await CallAsync(ResponseType.Server, cancel);
        ulong id = answer.Word();
        string address = answer.Text();
        return id == 0 || address.Length == 0 ? null : new DqliteServer(id, address, DqliteRole.Voter);
    }

    /// <summary>Tells the node who this client is; it answers with its heartbeat time, in milliseconds.</summary>
    public async ValueTask<TimeSpan> RegisterAsync(ulong clientId, CancellationToken cancel)
    {
        Begin(RequestType.Client).Word(clientId);
        using ResponseFrame answer = await CallAsync(ResponseType.Welcome, cancel);
        return TimeSpan.FromMilliseconds(Math.Min(answer.Word(), uint.MaxValue));
    }

    /// <summary>The nodes of the cluster.</summary>
    public async ValueTask<IReadOnlyList<DqliteServer>> ClusterAsync(CancellationToken cancel)
    {
        Begin(RequestType.Cluster).Word(1);
        using ResponseFrame answer = await CallAsync(ResponseType.Servers, cancel);
        ulong count = answer.Word();
        if (count > MostServers)
            throw answer.Malformed($"the cluster would have {count} nodes");
        List<DqliteServer> servers = [];
        for (ulong i = 0; i < count; i++)
        {
            ulong id = answer.Word();
            string address = answer.Text();
            ulong role = answer.Word();
            if (role > (ulong)DqliteRole.Spare)
                throw answer.Malformed($"there is no role {role}");
            servers.Add(new DqliteServer(id, address, (DqliteRole)role));
        }
        return servers;
    }

    /// <summary>Adds a node, as a spare. To the leader only.</summary>
    public async ValueTask AddAsync(ulong id, string address, CancellationToken cancel)
    {
        RequestWriter request = Begin(RequestType.Add);
        request.Word(id);
        request.Text(address);
        await DoneAsync(cancel);
    }

    /// <summary>Gives a node a role; a new voter is brought up to date first. To the leader only.</summary>
    public ValueTask AssignAsync(ulong id, DqliteRole role, CancellationToken cancel)
    {
        RequestWriter request = Begin(RequestType.Assign);
        request.Word(id);
        request.Word((ulong)role);
        return DoneAsync(cancel);
    }

    /// <summary>Removes a node. To the leader only.</summary>
    public ValueTask RemoveAsync(ulong id, CancellationToken cancel)
    {
        Begin(RequestType.Remove).Word(id);
        return DoneAsync(cancel);
    }

    /// <summary>Makes another voter the leader; 0: whichever. To the leader only.</summary>
    public ValueTask TransferAsync(ulong id, CancellationToken cancel)
    {
        Begin(RequestType.Transfer).Word(id);
        return DoneAsync(cancel);
    }

    /// <summary>What the node says of itself.</summary>
    public async ValueTask<DqliteDescription> DescribeAsync(CancellationToken cancel)
    {
        Begin(RequestType.Describe).Word(0);
        using ResponseFrame answer = await CallAsync(ResponseType.Metadata, cancel);
        return new DqliteDescription(answer.Word(), answer.Word());
    }

    /// <summary>Sets the node's weight.</summary>
    public ValueTask SetWeightAsync(ulong weight, CancellationToken cancel)
    {
        Begin(RequestType.Weight).Word(weight);
        return DoneAsync(cancel);
    }

    private async ValueTask DoneAsync(CancellationToken cancel)
    {
        using ResponseFrame answer = await CallAsync(ResponseType.Empty, cancel);
    }
}
