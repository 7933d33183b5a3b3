using System.Net.Security;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>Finds the cluster's leader: asks every node that is known, at once, and takes the node that says it of itself and is named most.</summary>
/// <remarks>
/// <para>What it finds is only likely the leader: a deposed one may still take itself for it. Whether it is, a write tells.</para>
/// <para>Threading: all members may be called at the same time.</para>
/// </remarks>
sealed class DqliteLeaderSearch
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly Func<string, SslClientAuthenticationOptions>? _tls;
    private readonly TimeProvider _time;
    private readonly List<DqliteAddress> _known;

    /// <summary>Makes a search.</summary>
    /// <param name="addresses">The nodes that are known at first; others are learnt from those.</param>
    /// <param name="tls">How TLS is spoken with a host; <see langword="null"/>: plain text, on loopback only.</param>
    /// <param name="time">The clock for waiting.</param>
    public DqliteLeaderSearch(IReadOnlyList<DqliteAddress> addresses, Func<string, SslClientAuthenticationOptions>? tls, TimeProvider time)
    {
        _known = [.. addresses];
        _tls = tls;
        _time = time;
    }

    /// <summary>How long one node may take for connection and answer.</summary>
    public static TimeSpan AnswerLimit { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Searches, round after round, until a leader is found.</summary>
    /// <param name="patience">For how long.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/> with what the nodes said; <see cref="ErrorCode.AccessDenied"/>.</exception>
    public async ValueTask<DqliteConnection> FindAsync(TimeSpan patience, CancellationToken cancel)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            (DqliteConnection? found, List<Answer> answers) = await RoundAsync(cancel);
            if (found is not null)
                return found;
            bool hopeless = answers.TrueForAll(static answer => answer.Error is { Code: not ErrorCode.StoreUnavailable });
            if (hopeless)
                throw answers[0].Error!;
            bool learnt = answers.Exists(answer => answer.Leader is { } leader && Learn(leader));
            if (learnt)
                continue;
            if (_time.GetElapsedTime(start) >= patience)
                throw NoLeader(answers, patience);
            await Task.Delay(Pause, _time, cancel);
        }
    }

    /// <summary>Asks all nodes once; the leader's address, if one is found.</summary>
    public async ValueTask<string?> GlanceAsync(CancellationToken cancel)
    {
        (DqliteConnection? found, _) = await RoundAsync(cancel);
        if (found is null)
            return null;
        await using (found)
            return found.Node;
    }

    /// <summary>Notes the nodes of the cluster, so that the leader is found where none of the URL's addresses answers.</summary>
    public void Learn(IEnumerable<DqliteServer> servers)
    {
        foreach (DqliteServer server in servers)
        {
            if (DqliteAddress.TryParse(server.Address, out DqliteAddress address))
                Learn(address);
        }
    }

    private bool Learn(DqliteAddress address)
    {
        if (_tls is null && !address.IsLoopback)
            return false;
        lock (_known)
        {
            if (_known.Contains(address) || _known.Count >= 2 * DqliteStoreUrl.MostAddresses)
                return false;
            _known.Add(address);
            return true;
        }
    }

    private async ValueTask<(DqliteConnection? Leader, List<Answer> Answers)> RoundAsync(CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(AnswerLimit);
        List<Task<Answer>> asked = [];
        lock (_known)
        {
            foreach (DqliteAddress address in _known)
                asked.Add(AskAsync(address, limit.Token));
        }
        List<Answer> answers = [];
        DqliteConnection? leader = null;
        try
        {
            await foreach (Task<Answer> done in Task.WhenEach(asked).WithCancellation(cancel))
            {
                answers.Add(await done);
                // Two nodes that agree are enough where others are dead or stopped.
                if (Elect(answers) is { } elected && Votes(answers, elected.Address) >= 2)
                    break;
            }
            leader = Elect(answers)?.Connection;
            return (leader, answers);
        }
        finally
        {
            await limit.CancelAsync();
            foreach (Answer answer in await Task.WhenAll(asked))
            {
                if (answer.Connection is not null && answer.Connection != leader)
                    await answer.Connection.DisposeAsync();
            }
            cancel.ThrowIfCancellationRequested();
        }
    }

    private static Answer? Elect(List<Answer> answers) => answers
        .Where(static answer => answer.Connection is not null && answer.Leader == answer.Address)
        .MaxBy(answer => Votes(answers, answer.Address));

    private static int Votes(List<Answer> answers, DqliteAddress candidate) => answers.Count(answer => answer.Leader == candidate);

    private async Task<Answer> AskAsync(DqliteAddress address, CancellationToken limit)
    {
        DqliteConnection? connection = null;
        try
        {
            connection = await DqliteConnection.ConnectAsync(address, _tls?.Invoke(address.Host), limit);
            DqliteServer? leader = await connection.LeaderAsync(limit);
            DqliteAddress? named = null;
            if (leader is not null)
                named = DqliteAddress.TryParse(leader.Address, out DqliteAddress parsed) ? parsed : throw NoAddress(address);
            return new Answer(address, connection, named, null);
        }
        catch (Exception error) when (error is SeguroException or OperationCanceledException)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            SeguroException said = error as SeguroException ?? DqliteException.Lost(address.ToString(), "no answer in time", null);
            return new Answer(address, null, null, said);
        }
    }

    private static DqliteException NoAddress(DqliteAddress node) =>
        DqliteException.Malformed(node.ToString(), "the leader's address is not HOST:PORT");

    private static SeguroException NoLeader(List<Answer> answers, TimeSpan patience) => new(
        ErrorCode.StoreUnavailable,
        $"no leader of the dqlite cluster was found in {patience.TotalSeconds:0.#} s: "
            + string.Join("; ", answers.Select(static answer => answer.Error?.Message ?? $"{answer.Address} knows of {answer.Leader?.ToString() ?? "none"}")),
        "See that a majority of the cluster's nodes runs and can be reached from here and from each other.",
        answers.Select(static answer => answer.Error).FirstOrDefault(static error => error is not null));

    private sealed record Answer(DqliteAddress Address, DqliteConnection? Connection, DqliteAddress? Leader, SeguroException? Error);
}
