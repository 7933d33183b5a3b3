namespace Seguro.Core;

/// <summary>
/// The leases of nodes, as one node has them: keeps its own, watches the others', and ends the epoch of one that was silent for the duration of its lease, by this node's clock. A ship's
/// lease names an epoch and lasts as long; so each node renews one lease, whatever the number of its ships.
/// </summary>
/// <remarks>
/// <para>A state machine, as <see cref="Member"/> is: the shell does what <see cref="Pump"/> wants and tells the answer, once. Not for two threads at a time.</para>
/// <para>An epoch is ended by the conditional write that begins the next term of the node's lease, so what the node's own renewal says decides: either it came before, and the end was not
/// written, or it is lost. Only after that does anybody stand for one of its ships.</para>
/// </remarks>
public sealed class NodeLeases
{
    private readonly string _life;
    private readonly TimeSpan _duration;
    private readonly NodeSeat _own;
    private readonly NodeSeat[] _seats;
    private LeaseKeeper? _keeper;

    /// <summary>Makes them; nothing is held yet.</summary>
    /// <param name="name">The node.</param>
    /// <param name="life">Its name in leases: unique to one life of its process, beginning with its name and <c>@</c>.</param>
    /// <param name="nodes">All nodes, itself included.</param>
    /// <param name="duration">For how long a node may be silent before the others take it for dead.</param>
    public NodeLeases(string name, string life, IReadOnlyCollection<string> nodes, TimeSpan duration)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        LeaseRules.CheckCandidate(life, duration);
        _life = life;
        _duration = duration;
        _seats = [.. nodes.Append(name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(static node => new NodeSeat(node))];
        _own = Of(name);
    }

    /// <summary>The node.</summary>
    public string Name => _own.Name;

    /// <summary>What the node's members are to know.</summary>
    public NodeView View { get; private set; } = NodeView.None;

    /// <summary>The lease that the node holds; <see langword="null"/> where it holds none.</summary>
    public Lease? Held => _keeper?.Lease;

    /// <summary>Goes on. Given at least every twentieth of the duration, and after each answer.</summary>
    /// <param name="now">The time by the node's own monotonic clock.</param>
    /// <param name="questions">Receives what is to be asked; of each node's lease one thing at a time.</param>
    public void Pump(TimeSpan now, ICollection<NodeQuestion> questions)
    {
        ArgumentNullException.ThrowIfNull(questions);
        foreach (NodeSeat seat in _seats)
        {
            if (seat.IsAsked || Next(seat, now) is not { } question)
                continue;
            seat.IsAsked = true;
            questions.Add(question);
        }
    }

    /// <summary>A lease was looked at; <see langword="null"/> where the store could not be asked.</summary>
    public void Observed(string node, Lease? lease, TimeSpan now)
    {
        if (lease is { } seen)
            Answered(node).Sight(seen, now);
        else
            Answered(node);
    }

    /// <summary>A lease was read; <see langword="null"/> where the store could not be asked.</summary>
    public void Read(string node, Lease? lease, TimeSpan now)
    {
        if (lease is { } seen)
            Decide(Answered(node), seen, now);
        else
            Answered(node);
    }

    /// <summary>A campaign was answered.</summary>
    /// <param name="node">Whose lease.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="sent">When it was sent.</param>
    /// <param name="now">The time.</param>
    public void Campaigned(string node, LeaseOutcome outcome, TimeSpan sent, TimeSpan now)
    {
        NodeSeat seat = Answered(node);
        TimeSpan first = seat.Campaigned(outcome, sent);
        switch (outcome)
        {
            case LeaseOutcome.Done done:
                bool isNew = done.Lease.Term > seat.Highest;
                Decide(seat, done.Lease, now);
                // A store that went back gives an epoch out again, which others know to have ended: not until all those are used up.
                if (seat != _own || !isNew)
                    break;
                _keeper = new LeaseKeeper(done.Lease, first, _duration, done.Shortfall);
                Show("");
                break;
            case LeaseOutcome.Lost lost:
                Decide(seat, lost.Current, now);
                break;
        }
    }

    /// <summary>A renewal was answered.</summary>
    /// <param name="outcome">What came of it.</param>
    /// <param name="sent">When it was sent.</param>
    /// <param name="now">The time.</param>
    public void Renewed(LeaseOutcome outcome, TimeSpan sent, TimeSpan now)
    {
        Answered(_own.Name);
        if (_keeper is not { } keeper)
            return;
        Term epoch = keeper.Lease.Term;
        string? reason = keeper.Renewed(outcome, sent);
        if (outcome is LeaseOutcome.Lost lost)
        {
            Decide(_own, lost.Current, now);
            reason ??= "the store has forgotten it";
        }
        else if (reason is null && outcome is LeaseOutcome.Done)
        {
            Decide(_own, keeper.Lease, now);
        }
        if (reason is not null)
        {
            _keeper = null;
            _own.LookAgain = now;
            Show($"epoch {epoch} of this node is over: {reason}");
            return;
        }
        Show("");
    }

    /// <summary>The node ends, or was told that its lease is free.</summary>
    public void Resign()
    {
        _keeper = null;
        Show("this node ends");
    }

    private NodeQuestion? Next(NodeSeat seat, TimeSpan now)
    {
        bool isOwn = seat == _own;
        if (isOwn && _keeper is { } keeper)
            return keeper.MustRenew(now) ? new NodeQuestion.Renew(seat.Name, keeper.Lease) : null;
        if (isOwn ? seat.MayBegin(now, _life) : seat.IsSilent(now) && seat.IsKnown)
            return Paced(seat, now, _duration / 20) ? Campaign(seat) : null;
        if (!Paced(seat, now, _duration / 5))
            return null;
        return seat.IsKnown && !seat.MustConfirm ? new NodeQuestion.Observe(seat.Name) : new NodeQuestion.Read(seat.Name);
    }

    private static NodeQuestion.Campaign Campaign(NodeSeat seat)
    {
        seat.Campaign();
        return new NodeQuestion.Campaign(seat.Name, seat.Newest);
    }

    private static bool Paced(NodeSeat seat, TimeSpan now, TimeSpan pace)
    {
        if (now < seat.LookAgain && seat.LookAgain - now <= pace)
            return false;
        seat.LookAgain = now + pace;
        return true;
    }

    private void Decide(NodeSeat seat, Lease lease, TimeSpan now)
    {
        Term before = seat.Ended;
        seat.Decide(lease, now);
        if (seat.Ended != before)
            Show(View.Lost);
    }

    private void Show(string lost)
    {
        NodeView next = new()
        {
            Epoch = _keeper?.Lease.Term ?? Term.None,
            Deadline = _keeper?.Deadline ?? TimeSpan.Zero,
            Shortfall = _keeper?.Shortfall,
            Ended = IsAsShown() ? View.Ended : _seats.ToDictionary(static seat => seat.Name, static seat => seat.Ended, StringComparer.Ordinal),
            Lost = lost,
        };
        View = next == View ? View : next;
    }

    private bool IsAsShown() => View.Ended.Count == _seats.Length && Array.TrueForAll(_seats, seat => View.Ended[seat.Name] == seat.Ended);

    private NodeSeat Answered(string node)
    {
        NodeSeat seat = Of(node);
        if (!seat.IsAsked)
            throw new InvalidOperationException($"The store, asked for the lease of {node}, answers what it was asked, and nothing else.");
        seat.IsAsked = false;
        return seat;
    }

    private NodeSeat Of(string node) => Array.Find(_seats, seat => seat.Name == node) ?? throw new ArgumentException($"There is no node {node}.", nameof(node));
}
