using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A node's lease, those of others, and the end of their epochs.</summary>
public sealed class NodeLeasesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, Lease> _store = new() { ["m1"] = Lease.None, ["m2"] = Lease.None };
    private TimeSpan _now = Second;
    private int _renewals;

    [Fact]
    public void An_epoch_begins_lasts_by_renewals_and_ends_by_silence()
    {
        NodeLeases m1 = New("m1"), m2 = New("m2");
        Run(Second, m1, m2);
        Assert.Equal((new Term(1), new Term(1)), (m1.View.Epoch, m2.View.Epoch));
        Assert.Equal(new Term(0), m2.View.Ended["m1"]);
        Run(Second * 3, m1, m2);
        Assert.Equal(new Term(1), m2.View.Epoch);
        Assert.InRange(_renewals, 16, 24);
        Assert.True(m1.View.Deadline > _now);
        TimeSpan silent = _now;
        while (!m2.View.HasEnded(new NodeEpoch("m1", new Term(1))))
            Run(Second / 20, m2);
        Assert.InRange(_now - silent, Second * 0.6, Second * 1.3);
        Assert.Equal(new Term(2), _store["m1"].Term);
        Assert.StartsWith("m2@", _store["m1"].Holder, StringComparison.Ordinal);
        // It goes on, and finds out by its next renewal; the next epoch needs no wait.
        Run(Second / 2, m1, m2);
        Assert.Equal(new Term(3), m1.View.Epoch);
        Run(Second / 2, m1, m2);
        Assert.Equal(new Term(2), m2.View.Ended["m1"]);
        Assert.False(m2.View.HasEnded(new NodeEpoch("m1", new Term(3))));
    }

    [Fact]
    public void A_node_whose_epoch_was_ended_says_so_before_it_has_another()
    {
        NodeLeases m1 = New("m1");
        Run(Second, m1);
        _store["m1"] = new Lease(new Term(2), "m2@1", 0, Second);
        while (m1.View.Epoch == new Term(1))
            Run(Second / 20, m1);
        Assert.Equal(Term.None, m1.View.Epoch);
        Assert.Contains("another's", m1.View.Lost, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_starts_again_waits_for_the_silence_of_its_former_life()
    {
        _store["m1"] = new Lease(new Term(4), "m1@former", 7, Second);
        NodeLeases m1 = New("m1");
        Run(Second * 0.8, m1);
        Assert.Equal(Term.None, m1.View.Epoch);
        _store["m1"] = _store["m1"] with { Renewals = 8 };
        Run(Second * 0.8, m1);
        Assert.Equal(Term.None, m1.View.Epoch);
        Run(Second * 0.6, m1);
        Assert.Equal(new Term(5), m1.View.Epoch);
    }

    [Fact]
    public void The_end_of_an_epoch_that_a_plain_read_shows_is_confirmed()
    {
        NodeLeases m2 = New("m2");
        _store["m1"] = new Lease(new Term(4), "m1@1", 7, Second);
        Run(Second / 2, m2);
        List<NodeQuestion> questions = [];
        do
        {
            _now += Second / 20;
            questions.Clear();
            m2.Pump(_now, questions);
            foreach (NodeQuestion question in questions.Where(static one => one is not NodeQuestion.Observe { Node: "m1" }))
                Answer(m2, question, _now);
        }
        while (!questions.Exists(static one => one is NodeQuestion.Observe { Node: "m1" }));
        m2.Observed("m1", new Lease(new Term(5), "m3@1", 0, Second), _now);
        Assert.False(m2.View.HasEnded(new NodeEpoch("m1", new Term(4))));
        _store["m1"] = new Lease(new Term(5), "m3@1", 0, Second);
        Run(Second / 2, m2);
        Assert.True(m2.View.HasEnded(new NodeEpoch("m1", new Term(4))));
    }

    [Fact]
    public void A_store_that_went_back_gives_no_epoch_out_that_others_know_to_have_ended()
    {
        NodeLeases m1 = New("m1");
        _store["m1"] = new Lease(new Term(6), "", 0, Second);
        Run(Second, m1);
        Assert.Equal(new Term(7), m1.View.Epoch);
        _store["m1"] = new Lease(new Term(3), "", 0, Second);
        Run(Second * 3, m1);
        Assert.True(m1.View.Epoch > new Term(7), $"{m1.View}");
    }

    [Fact]
    public void A_campaign_of_unknown_outcome_is_repeated_and_counts_from_the_first_try()
    {
        NodeLeases m1 = New("m1");
        List<NodeQuestion> questions = [];
        for (m1.Pump(_now, questions); !questions.Exists(static one => one is NodeQuestion.Campaign { Node: "m1" }); m1.Pump(_now, questions))
        {
            foreach (NodeQuestion question in questions)
                Answer(m1, question, _now);
            questions.Clear();
            _now += Second / 20;
        }
        TimeSpan first = _now;
        _store["m1"] = new Lease(new Term(1), "m1@life", 0, Second);
        m1.Campaigned("m1", new LeaseOutcome.Unknown("gone"), first, _now);
        Run(Second / 5, m1);
        Assert.Equal(new Term(1), m1.View.Epoch);
        Assert.Equal(first + (Second * 0.9), m1.View.Deadline);
    }

    [Fact]
    public void A_holder_s_name_tells_the_epoch()
    {
        string holder = NodeEpoch.HolderOf("m1@1f#3", new Term(7), 2);
        Assert.True(NodeEpoch.TryParse(holder, out NodeEpoch epoch));
        Assert.Equal((new NodeEpoch("m1", new Term(7)), "m1@1f#3"), (epoch, NodeEpoch.CandidateOf(holder)));
        Assert.All((string[])["", "m1@1f", "append@host/12-3", "#7", "m1#7@x", "m1@1f#"], static other => Assert.False(NodeEpoch.TryParse(other, out _)));
        Assert.NotEqual(NodeLog.NameOf("m1"), NodeLog.NameOf("m2"));
        Assert.True(NodeLog.IsOne(NodeLog.NameOf("a-rather-long-name-of-a-node")));
        Assert.False(NodeLog.IsOne(Ship.Parse("~seguro")));
    }

    private static NodeLeases New(string name) => new(name, name + "@life", ["m1", "m2"], Second);

    private void Run(TimeSpan time, params NodeLeases[] nodes)
    {
        for (TimeSpan end = _now + time; _now < end; _now += Second / 20)
        {
            foreach (NodeLeases node in nodes)
            {
                List<NodeQuestion> questions = [];
                node.Pump(_now, questions);
                foreach (NodeQuestion question in questions)
                    Answer(node, question, _now);
            }
        }
    }

    /// <summary>The store, which answers at once.</summary>
    private void Answer(NodeLeases node, NodeQuestion question, TimeSpan sent)
    {
        Lease now = _store[question.Node];
        switch (question)
        {
            case NodeQuestion.Observe:
                node.Observed(question.Node, now, _now);
                break;
            case NodeQuestion.Read:
                node.Read(question.Node, now, _now);
                break;
            case NodeQuestion.Campaign campaign:
                (Lease next, bool won) = LeaseRules.Campaign(now, campaign.Expected, LifeOf(node), Second);
                _store[question.Node] = next;
                node.Campaigned(question.Node, won ? new LeaseOutcome.Done(next) : new LeaseOutcome.Lost(next), sent, _now);
                break;
            case NodeQuestion.Renew renew:
                (Lease renewed, bool held) = LeaseRules.Renew(now, renew.Held);
                _store[question.Node] = renewed;
                _renewals++;
                node.Renewed(held ? new LeaseOutcome.Done(renewed) : new LeaseOutcome.Lost(renewed), sent, _now);
                break;
        }
    }

    private static string LifeOf(NodeLeases node) => node.Name + "@life";
}
