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
    private readonly List<HostAddress> _known;

    /// <summary>Makes a search.</summary>
    /// <param name="addresses">The nodes that are known at first; others are learnt from those.</param>
    /// <param name="tls">How TLS is spoken with a host; <see langword="null"/>: plain text, on loopback only.</param>
    /// <param name="time">The clock for waiting.</param>
    public DqliteLeaderSearch(IReadOnlyList<HostAddress> addresses, Func<string, SslClientAuthenticationOptions>? tls, TimeProvider time)
    {
        _known = [.. addresses];
        _tls = tls;
        _time = time;
    }

    /// <summary>How long a round waits for the nodes that have not answered.</summary>
    public static TimeSpan AnswerLimit { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Searches, round after round, until a leader is found.</summary>
    /// <param name="patience">For how long.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/> with what the nodes said; <see cref="ErrorCode.AccessDenied"/>.</exception>
    public async ValueTask<DqliteConnection> FindAsync(TimeSpan patience, CancellationToken cancel)
    {
        long start = _time.GetTimestamp();
        await using DqlitePoll poll = new(_tls, _time);
        while (true)
        {
            (DqliteConnection? found, List<DqliteAnswer> answers) = await RoundAsync(poll, cancel);
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
        await using DqlitePoll poll = new(_tls, _time);
        (DqliteConnection? found, _) = await RoundAsync(poll, cancel);
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
            if (HostAddress.TryParse(server.Address, out HostAddress address))
                Learn(address);
        }
    }

    private bool Learn(HostAddress address)
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

    private async ValueTask<(DqliteConnection? Leader, List<DqliteAnswer> Answers)> RoundAsync(DqlitePoll poll, CancellationToken cancel)
    {
        HostAddress[] known;
        lock (_known)
            known = [.. _known];
        // Two nodes that agree are enough where others are dead or stopped.
        List<DqliteAnswer> answers = await poll.AskAsync(
            known, AnswerLimit, static answers => Elect(answers) is { } elected && Votes(answers, elected.Address) >= 2, cancel);
        DqliteConnection? leader = Elect(answers) is { } found ? poll.Take(found.Address) : null;
        return (leader, answers);
    }

    private static DqliteAnswer? Elect(List<DqliteAnswer> answers) => answers
        .Where(static answer => answer.Leader == answer.Address)
        .MaxBy(answer => Votes(answers, answer.Address));

    private static int Votes(List<DqliteAnswer> answers, HostAddress candidate) => answers.Count(answer => answer.Leader == candidate);

    private static SeguroException NoLeader(List<DqliteAnswer> answers, TimeSpan patience) => new(
        ErrorCode.StoreUnavailable,
        $"no leader of the dqlite cluster was found in {patience.TotalSeconds:0.#} s: "
            + string.Join("; ", answers.Select(static answer => answer.Error?.Message ?? $"{answer.Address} knows of {answer.Leader?.ToString() ?? "none"}")),
        "See that a majority of the cluster's nodes runs and can be reached from here and from each other.",
        answers.Select(static answer => answer.Error).FirstOrDefault(static error => error is not null));
}
