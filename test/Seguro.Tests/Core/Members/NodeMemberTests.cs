using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A member whose ship's lease names an epoch of its node.</summary>
public sealed class NodeMemberTests : HandFedMember
{
    private static readonly Lease Others = new(new Term(4), "m2@1#6", 0, NodeEpoch.Longest);
    private static readonly Lease Mine = new(new Term(5), "m1@1#3.1", 0, NodeEpoch.Longest);

    public NodeMemberTests() => Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"], LeasesByNode = true });

    [Fact]
    public void A_ship_of_a_node_that_lives_is_not_stood_for_however_long_it_is_silent()
    {
        Begin(Others);
        for (int i = 0; i < 100; i++)
        {
            See(3, ended: 5);
            Step(Second, MemberInput.Tick.Instance);
            Assert.Equal(Role.Replica, Member.Role);
        }
    }

    [Fact]
    public void It_is_stood_for_once_the_epoch_has_ended_in_the_node_s_own()
    {
        Begin(Others);
        See(3, ended: 6);
        Wait(Role.Candidate);
        MemberOutput.Campaign asked = Assert.Single(Outputs.OfType<MemberOutput.Campaign>());
        Assert.Equal((Others, "m1@1#3.1", NodeEpoch.Longest), (asked.Expected, asked.Holder, asked.Duration));
    }

    [Fact]
    public void Who_has_no_epoch_stands_for_nothing()
    {
        Begin(Others);
        See(0, ended: 6);
        for (int i = 0; i < 20; i++)
            Step(Second / 10, MemberInput.Tick.Instance);
        Assert.Equal(Role.Replica, Member.Role);
    }

    [Fact]
    public void A_master_renews_nothing_and_serves_while_its_node_does()
    {
        Serve();
        for (int i = 0; i < 20; i++)
        {
            See(3, ended: 6);
            Step(Second / 5, MemberInput.Tick.Instance);
            Assert.Equal(Role.Master, Member.Role);
            Assert.DoesNotContain(Outputs, static output => output is MemberOutput.Renew or MemberOutput.ObserveLease or MemberOutput.ReadState or MemberOutput.WriteSettings);
        }
        Step(Second, MemberInput.Tick.Instance);
        Assert.Equal(Role.Rejoining, Member.Role);
    }

    [Fact]
    public void A_master_whose_node_has_another_epoch_is_none_any_more()
    {
        Serve();
        See(5, ended: 6);
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.Resign); // all know that epoch 3 is over
    }

    [Fact]
    public void A_master_that_is_none_any_more_gives_the_ship_back()
    {
        Serve();
        See(3, ended: 6);
        Position other = At(Following(At(First)));
        Step(default, new MemberInput.Received("m2", new MemberMessage.Testimony(new Term(5), "m1@1#3.1", other, Term.None)));
        Assert.Equal(Role.Rejoining, Member.Role);
        Assert.Equal(Mine.Term, Assert.Single(Outputs.OfType<MemberOutput.Resign>()).Held.Term);
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Unknown("gone")));
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.Resign);
        See(3, ended: 6);
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.Single(Outputs.OfType<MemberOutput.Resign>());
        Step(default, new MemberInput.Resigned(new LeaseOutcome.Done(Mine with { Holder = "" })));
        Step(Second / 2, MemberInput.Tick.Instance);
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.Resign);
    }

    [Fact]
    public void An_answer_to_an_earlier_candidacy_makes_no_master()
    {
        Begin(Others);
        See(3, ended: 6);
        Wait(Role.Candidate);
        // Its node lost that epoch and has another; what was asked for in the first one may have come to be, and is waited for.
        for (int i = 0; i < 50; i++)
        {
            See(4, ended: 6);
            Step(Second / 100, MemberInput.Tick.Instance);
            Assert.Equal(Role.Replica, Member.Role);
        }
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(Mine), Now));
        // All know that that epoch is over. It stands in its present one, and only that makes it master.
        Assert.Equal("m1@1#4.2", Assert.Single(Outputs.OfType<MemberOutput.Campaign>()).Holder);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(Mine), Now));
        Assert.NotEqual(Role.Master, Member.Role);
        Assert.DoesNotContain(Outputs, static output => output is MemberOutput.ReadState); // which is what a winner does first
    }

    [Fact]
    public void What_was_won_too_late_is_stood_for_again_or_given_back_by_its_own_member_only()
    {
        Begin(Others with { Holder = "m1@former#3" });
        See(3, ended: 5);
        Wait(Role.Candidate);
    }

    [Fact]
    public void Who_renews_leases_one_by_one_has_no_part_in_a_ship_that_is_held_by_nodes()
    {
        Member = new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"] });
        Begin(Others);
        for (int i = 0; i < 100; i++)
            Step(Second, MemberInput.Tick.Instance);
        Assert.Equal(Role.Replica, Member.Role);
    }

    private void Begin(Lease lease)
    {
        Step(default, new MemberInput.Started(Position.Origin, Position.Origin));
        Step(default, new MemberInput.StateRead(State(Position.Origin, lease), default, Position.Origin));
        Assert.Equal(Role.Replica, Member.Role);
    }

    private void Serve()
    {
        Begin(Others);
        See(3, ended: 6);
        Wait(Role.Candidate);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(Mine), Now));
        Step(default, new MemberInput.StateRead(State(Position.Origin, Mine), TakenOver, Position.Origin));
        Assert.Equal(Role.Master, Member.Role);
    }

    private void Wait(Role role)
    {
        for (int i = 0; i < 20 && Member.Role != role; i++)
            Step(Second / 100, MemberInput.Tick.Instance);
        Assert.Equal(role, Member.Role);
    }

    private void See(ulong epoch, ulong ended) => Step(default, new MemberInput.NodeSeen(new NodeView
    {
        Epoch = new Term(epoch),
        Deadline = epoch == 0 ? TimeSpan.Zero : Now + (Second * 0.9),
        Ended = new Dictionary<string, Term> { ["m1"] = new Term(epoch == 0 ? 0 : epoch - 1), ["m2"] = new Term(ended) },
    }));
}
