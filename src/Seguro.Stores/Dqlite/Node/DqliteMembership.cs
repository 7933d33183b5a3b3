using System.Net.Sockets;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>Who belongs to a running cluster, and who leads it. Every change asks the cluster first, so that it may be repeated after any failure.</summary>
/// <remarks>
/// For any thread; holds no connection between calls. Each call finds the leader by itself, follows it when it changes, and gives up after its patience.
/// One change at a time: the cluster refuses a second one meanwhile, and the call tries again.
/// </remarks>
/// <param name="addresses">Nodes of the cluster; at least one of them must answer.</param>
/// <param name="certificates">The cluster's; not owned. <see langword="null"/> for plain traffic, on loopback only.</param>
/// <param name="patience">How long a call may take in all; making a voter of a node that must first get a large database takes long.</param>
/// <param name="access">Which members are spoken with; left out: every one that its certificate calls a member of the same cluster.</param>
public sealed class DqliteMembership(IReadOnlyCollection<HostAddress> addresses, ClusterCertificates? certificates, TimeSpan patience, AccessList? access = null)
{
    private readonly AccessList? _access = access ?? (certificates is null ? null : new AccessList(certificates.Identity.Cluster, new AccessRecord()));

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(2);

    /// <summary>The cluster's nodes, as its leader knows them.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: no leader was found, or it did not stay.</exception>
    public Task<IReadOnlyList<DqliteServer>> ListAsync(CancellationToken cancel) =>
        WithLeaderAsync(static (leader, _, token) => leader.ClusterAsync(token), "list the nodes", cancel);

    /// <summary>The leader.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>.</exception>
    public Task<DqliteServer> LeaderAsync(CancellationToken cancel) =>
        WithLeaderAsync(static (_, server, _) => ValueTask.FromResult(server), "find the leader", cancel);

    /// <summary>
    /// The first of the nodes that answers that it is in a cluster, whether it knows a leader or not; <see langword="null"/> where none does.
    /// Each is asked once, all at the same time, within the patience; one that is away, or that refuses, is no evidence.
    /// A node that was started to join a cluster, and was not let in yet, is in none.
    /// </summary>
    public async Task<HostAddress?> FindClusterAsync(CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        List<Task<bool>> answers = [];
        Dictionary<Task<bool>, HostAddress> asked = [];
        foreach (HostAddress address in addresses)
        {
            Task<bool> answer = IsInClusterAsync(address, limit.Token);
            answers.Add(answer);
            asked.Add(answer, address);
        }
        HostAddress? found = null;
        await foreach (Task<bool> answer in Task.WhenEach(answers))
        {
            try
            {
                if (!await answer || found is not null)
                    continue;
                found = asked[answer];
                await limit.CancelAsync();
            }
            catch (Exception error) when (!cancel.IsCancellationRequested && IsPassing(error))
            {
            }
        }
        cancel.ThrowIfCancellationRequested();
        return found;
    }

    /// <summary>Makes a running node, started with this number and address, a voter of the cluster. Succeeds where it is one already.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.AlreadyExists"/>: the number or the address is another node's. <see cref="ErrorCode.StoreUnavailable"/>: it took too long.
    /// </exception>
    public Task JoinAsync(ulong id, HostAddress address, CancellationToken cancel) => WithLeaderAsync(
        async (leader, _, token) =>
        {
            string text = address.ToString();
            IReadOnlyList<DqliteServer> servers = await leader.ClusterAsync(token);
            if (servers.FirstOrDefault(server => (server.Id == id) != (server.Address == text)) is { } other)
                throw new SeguroException(ErrorCode.AlreadyExists, $"node {id} at {text} can't join: node {other.Id} at {other.Address} is in the cluster",
                    "Give a new node a number and an address of its own, or remove the old one first.");
            DqliteServer? known = servers.FirstOrDefault(server => server.Id == id);
            if (known is null)
                await leader.AddAsync(id, text, token);
            if (known?.Role != DqliteRole.Voter)
                await leader.AssignAsync(id, DqliteRole.Voter, token);
            return true;
        },
        $"make node {id} a voter",
        cancel);

    /// <summary>
    /// Refuses to start a node in an empty folder under a number that the cluster knows already: its disk was lost, and with it what it voted and acknowledged.
    /// To be called before the start of a node that is to join. A folder where it ran passes at once.
    /// </summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LostDisk"/>; <see cref="ErrorCode.StoreUnavailable"/>.</exception>
    public async Task RefuseLostDiskAsync(DqliteNodeOptions node, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (!NodeFolder.IsFresh(node.Folder))
            return;
        IReadOnlyList<DqliteServer> servers = await ListAsync(cancel);
        if (servers.Any(server => server.Id == node.Id))
            throw NodeFolder.Lost($"{node.Folder} is empty, but the cluster knows node {node.Id} already", node.Folder);
    }

    /// <summary>Removes a node, running or lost for ever. A leader first hands its leadership on. Succeeds where the node is not in the cluster.</summary>
    /// <remarks>A number that was removed must not be used again.</remarks>
    /// <exception cref="SeguroException"><see cref="ErrorCode.UnsafeSettings"/>: it is the only voter. <see cref="ErrorCode.StoreUnavailable"/>: it took too long.</exception>
    public Task RemoveAsync(ulong id, CancellationToken cancel) => WithLeaderAsync(
        async (leader, self, token) =>
        {
            IReadOnlyList<DqliteServer> servers = await leader.ClusterAsync(token);
            if (servers.All(server => server.Id != id))
                return true;
            if (!servers.Any(server => server.Id != id && server.Role == DqliteRole.Voter))
                throw new SeguroException(ErrorCode.UnsafeSettings, $"node {id} is the cluster's only voter", "Let another node join first.");
            if (self.Id == id)
            {
                await leader.TransferAsync(0, token);
                throw DqliteException.Lost(self.Address, "it handed its leadership on", null);
            }
            await leader.RemoveAsync(id, token);
            return true;
        },
        $"remove node {id}",
        cancel);

    /// <summary>Lets a node that lost its disk be followed by a new one: removes the old number, then makes the new one a voter.</summary>
    /// <exception cref="SeguroException">Those of <see cref="RemoveAsync"/> and <see cref="JoinAsync"/>; <see cref="ErrorCode.BadValue"/>: the number was not changed.</exception>
    public async Task ReplaceAsync(ulong lost, ulong id, HostAddress address, CancellationToken cancel)
    {
        if (lost == id)
            throw new SeguroException(ErrorCode.BadValue, $"node {id} can't follow itself", "Start the new node with a number that was never used in this cluster.");
        await RemoveAsync(lost, cancel);
        await JoinAsync(id, address, cancel);
    }

    /// <summary>Makes a voter the leader; 0: whichever is fit. Succeeds where it leads already.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: it is no voter. <see cref="ErrorCode.StoreUnavailable"/>: it took too long.</exception>
    public async Task TransferAsync(ulong id, CancellationToken cancel)
    {
        ulong? first = null;
        await WithLeaderAsync(
            async (leader, self, token) =>
            {
                first ??= self.Id;
                if (id == 0 ? self.Id != first : self.Id == id)
                    return true;
                IReadOnlyList<DqliteServer> servers = await leader.ClusterAsync(token);
                if (!servers.Any(server => server.Role == DqliteRole.Voter && (id == 0 ? server.Id != self.Id : server.Id == id)))
                    throw new SeguroException(ErrorCode.BadValue, id == 0 ? "there is no other voter" : $"node {id} is not a voter", "Choose a voter of the cluster.");
                await leader.TransferAsync(id, token);
                // Not done before somebody else says that it leads.
                throw DqliteException.Lost(self.Address, "it handed its leadership on", null);
            },
            id == 0 ? "change the leader" : $"make node {id} the leader",
            cancel);
    }

    private async Task<T> WithLeaderAsync<T>(Func<DqliteConnection, DqliteServer, CancellationToken, ValueTask<T>> use, string purpose, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        HashSet<HostAddress> candidates = [.. addresses];
        Exception? last = null;
        try
        {
            while (true)
            {
                // All at once: a node that is paused, or behind a dead link, does not answer and does not refuse.
                using CancellationTokenSource round = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
                round.CancelAfter(CallTime);
                int distrusted = 0;
                List<Task<Answer>> answers = [.. candidates.Select(candidate => AskAsync(candidate, round.Token))];
                try
                {
                    await foreach (Task<Answer> answer in Task.WhenEach(answers))
                    {
                        try
                        {
                            (DqliteConnection connection, DqliteServer? leader) = await answer;
                            if (leader is null)
                                continue;
                            if (leader.Address == connection.Node)
                                return await use(connection, leader, limit.Token);
                            candidates.Add(NodeAddress.Parse(leader.Address));
                            await using DqliteConnection other = await ConnectAsync(NodeAddress.Parse(leader.Address), round.Token);
                            return await use(other, leader, limit.Token);
                        }
                        catch (Exception error) when (!limit.IsCancellationRequested && IsPassing(error))
                        {
                            last = error;
                            // One stranger among the nodes is passed over; where all are, it is this side's certificates that are wrong.
                            if (error is DqliteException { Code: ErrorCode.AccessDenied } && ++distrusted == answers.Count)
                                throw;
                        }
                    }
                }
                finally
                {
                    await round.CancelAsync();
                    foreach (Task<Answer> answer in answers)
                    {
                        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                        if (answer.IsCompletedSuccessfully)
                            await (await answer).Connection.DisposeAsync();
                    }
                }
                await Task.Delay(Pause, limit.Token);
            }
        }
        catch (Exception error) when (!cancel.IsCancellationRequested && limit.IsCancellationRequested && IsPassing(error))
        {
            throw new SeguroException(ErrorCode.StoreUnavailable, $"could not {purpose} within {patience.TotalSeconds:0.#} s{(last is null ? "" : ": " + last.Message)}",
                "See that more than half of the cluster's nodes run and can reach each other; then repeat.", last ?? error);
        }
    }

    private static bool IsPassing(Exception error) =>
        error is DqliteException or SocketException or IOException or OperationCanceledException;

    private async Task<Answer> AskAsync(HostAddress address, CancellationToken cancel)
    {
        DqliteConnection connection = await ConnectAsync(address, cancel);
        try
        {
            return new Answer(connection, await connection.LeaderAsync(cancel));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> IsInClusterAsync(HostAddress address, CancellationToken cancel)
    {
        (DqliteConnection connection, DqliteServer? leader) = await AskAsync(address, cancel);
        await using (connection)
            return leader is not null || (await connection.ClusterAsync(cancel)).Count > 0;
    }

    private async Task<DqliteConnection> ConnectAsync(HostAddress address, CancellationToken cancel) => certificates is null && !address.IsLoopback
        ? throw new SeguroException(ErrorCode.InsecureTransport, $"unencrypted traffic with {address} was asked for", "Give the cluster's certificates.")
        : await DqliteConnection.ConnectAsync(address, certificates?.ClientOptions(address.Host, _access!.RefuseMember), cancel);

    private readonly record struct Answer(DqliteConnection Connection, DqliteServer? Leader);
}
