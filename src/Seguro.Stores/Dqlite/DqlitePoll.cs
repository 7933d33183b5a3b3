using System.Net.Security;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Asks nodes who leads, as often as is wanted, all at once.</summary>
/// <remarks>
/// <para>A connection is asked again, and an answer that is not there when a round ends is waited for in the next. Were each round to begin with a new handshake, machines that are busy
/// (all of a cluster starts at once, say) would be kept busy by the question alone, and one that takes longer than a round would never be heard.</para>
/// <para>Not safe for two threads at a time.</para>
/// </remarks>
/// <param name="tls">How TLS is spoken with a host; <see langword="null"/>: not at all.</param>
/// <param name="time">The clock for waiting.</param>
sealed class DqlitePoll(Func<string, SslClientAuthenticationOptions>? tls, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a node may take for connection and answer before it is tried by a new connection.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<HostAddress, DqliteConnection> _idle = [];
    private readonly Dictionary<Task<(DqliteAnswer Answer, DqliteConnection? Connection)>, HostAddress> _asked = [];

    /// <summary>Asks nodes, and collects what they say in one round.</summary>
    /// <param name="nodes">Whom.</param>
    /// <param name="limit">How long the round lasts at the most.</param>
    /// <param name="enough">Says whether the answers so far are enough.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>An answer of each node, but where those that came were enough.</returns>
    public async ValueTask<List<DqliteAnswer>> AskAsync(
        IReadOnlyList<HostAddress> nodes, TimeSpan limit, Func<List<DqliteAnswer>, bool> enough, CancellationToken cancel)
    {
        foreach (HostAddress node in nodes)
        {
            if (_asked.ContainsValue(node))
                continue;
            _idle.Remove(node, out DqliteConnection? idle);
            _asked.Add(AskAsync(node, idle, _end.Token), node);
        }
        List<DqliteAnswer> answers = [];
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task end = Task.Delay(limit, time, over.Token);
        while (_asked.Count > 0 && !enough(answers))
        {
            Task first = await Task.WhenAny([end, .. _asked.Keys]);
            if (first == end)
                break;
            Task<(DqliteAnswer, DqliteConnection?)> done = (Task<(DqliteAnswer, DqliteConnection?)>)first;
            (DqliteAnswer answer, DqliteConnection? connection) = await done;
            _asked.Remove(done);
            answers.Add(answer);
            if (connection is not null)
                _idle[answer.Address] = connection;
        }
        await over.CancelAsync();
        cancel.ThrowIfCancellationRequested();
        if (!enough(answers))
            answers.AddRange(_asked.Values.Select(static node => new DqliteAnswer(node, null, Silent(node))));
        return answers;
    }

    /// <summary>The connection on which a node answered; it is the caller's from then on.</summary>
    public DqliteConnection Take(HostAddress node) => _idle.Remove(node, out DqliteConnection? connection)
        ? connection
        : throw new InvalidOperationException($"{node} was not asked, or did not answer.");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        foreach ((_, DqliteConnection? connection) in await Task.WhenAll(_asked.Keys))
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
        foreach (DqliteConnection connection in _idle.Values)
            await connection.DisposeAsync();
        _end.Dispose();
    }

    private async Task<(DqliteAnswer, DqliteConnection?)> AskAsync(HostAddress address, DqliteConnection? idle, CancellationToken end)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(end);
        limit.CancelAfter(Patience);
        DqliteConnection? connection = idle;
        try
        {
            connection ??= await DqliteConnection.ConnectAsync(address, tls?.Invoke(address.Host), limit.Token);
            DqliteServer? leader = await connection.LeaderAsync(limit.Token);
            HostAddress? named = null;
            if (leader is not null)
                named = HostAddress.TryParse(leader.Address, out HostAddress parsed) ? parsed : throw NoAddress(address);
            return (new DqliteAnswer(address, named, null), connection);
        }
        catch (Exception error) when (error is SeguroException or OperationCanceledException)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            return (new DqliteAnswer(address, null, error as SeguroException ?? Silent(address)), null);
        }
    }

    private static DqliteException Silent(HostAddress node) => DqliteException.Lost(node.ToString(), "no answer in time", null);

    private static DqliteException NoAddress(HostAddress node) =>
        DqliteException.Malformed(node.ToString(), "the leader's address is not HOST:PORT");
}
