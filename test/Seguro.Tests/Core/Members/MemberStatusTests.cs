using Seguro.Core;
using Seguro.Tests.Piers.LocalLogs;

namespace Seguro.Tests.Core.Members;

public sealed class MemberStatusTests
{
    [Fact]
    public void Who_rejoins_calls_nothing_of_its_own_log_committed()
    {
        Position end = new(new EventNumber(7), default);
        Member member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"] });
        member.Step(default, new MemberInput.Started(end, end), []);
        Assert.Equal((Role.Rejoining, end, Position.Origin), (member.Status.Role, member.Status.Durable, member.Status.Committed));
    }

    [Fact]
    public void A_master_says_that_it_has_fewer_replicas_than_the_optimism_asks_for()
    {
        Member member = MasterAlone(new Optimism(1, ReplicaLossPolicy.Wait), out List<MemberOutput> said);
        string warning = Assert.Single(member.Status.Warnings);
        Assert.StartsWith("Optimism 1 is set, and the cluster has 0 replicas: effects leave as at optimism 0.", warning, StringComparison.Ordinal);
        Assert.Single(said, output => output is MemberOutput.Warn warn && warn.Text == warning); // the log has it, too
        Assert.Empty(MasterAlone(new Optimism(0, ReplicaLossPolicy.Wait), out _).Status.Warnings);
    }

    [Fact]
    public void What_is_heard_in_a_burst_is_gone_on_with_once()
    {
        Member member = MasterAlone(new Optimism(0, ReplicaLossPolicy.Wait), out _);
        List<MemberOutput> outputs = [];
        for (uint i = 1; i <= 3; i++)
            member.Hear(TimeSpan.FromMilliseconds(20), new Ovum(new byte[] { (byte)i }, default, i), outputs);
        Assert.Empty(outputs);
        Assert.Equal(3, member.Status.Ingress);
        member.Step(TimeSpan.FromMilliseconds(20), MemberInput.Tick.Instance, outputs);
        Assert.Equal([1u, 2u, 3u], Assert.Single(outputs.OfType<MemberOutput.Poke>()).Ova.Select(static ovum => ovum.Digest));
        Assert.Throws<InvalidOperationException>(() => new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1"] }).Hear(default, new Ovum(default, default), []));
    }

    [Fact]
    public void What_a_master_adopts_while_it_loses_its_lease_is_undone_in_the_ship()
    {
        Event adopted = EventChain.After(Position.Origin, 1)[0];
        Member member = new(new MemberOptions { Name = "m2", Candidate = "m2@1", Members = ["m1", "m2"] });
        Lease lease = new(new Term(1), "m1@1", 0, TimeSpan.FromSeconds(1));
        List<MemberOutput> said = [];
        Feed(TimeSpan.Zero, new MemberInput.Started(Position.Origin, Position.Origin));
        Feed(TimeSpan.Zero, new MemberInput.Received("m1", new MemberMessage.Push(lease, Position.Origin, [adopted], Position.Origin, default, default)));
        for (int i = 1; i <= 30 && member.Role is not Role.Master; i++)
            Feed(TimeSpan.FromMilliseconds(100 * i), MemberInput.Tick.Instance);
        Assert.Equal(Role.Master, member.Role);
        Assert.Single(said.OfType<MemberOutput.Apply>());
        Feed(TimeSpan.FromSeconds(9), MemberInput.Tick.Instance);
        Assert.Equal(Role.Rejoining, member.Role);
        Feed(TimeSpan.FromSeconds(9), new MemberInput.EventsApplied([new Applied(0, [])]));
        Feed(TimeSpan.FromSeconds(10), MemberInput.Tick.Instance);
        Assert.Equal(EventNumber.None, Assert.Single(said.OfType<MemberOutput.RestoreShip>()).AtMost);

        void Feed(TimeSpan now, MemberInput input)
        {
            Queue<MemberInput> inputs = new([input]);
            while (inputs.TryDequeue(out MemberInput? next))
            {
                List<MemberOutput> outputs = [];
                member.Step(now, next, outputs);
                said.AddRange(outputs);
                foreach (MemberOutput output in outputs)
                {
                    if (output is MemberOutput.ReadState)
                        inputs.Enqueue(new MemberInput.StateRead(
                            new LogState(Position.Origin, default, lease, 0), new ClusterSettings(null, null, EventNumber.None, History: EventNumber.None), Position.Origin));
                    else if (output is MemberOutput.Campaign campaign)
                        inputs.Enqueue(new MemberInput.Campaigned(new LeaseOutcome.Done(lease = new Lease(campaign.Expected.Term.Next, "m2@1", 0, TimeSpan.FromSeconds(1))), now));
                }
            }
        }
    }

    [Fact]
    public void A_group_that_no_store_of_this_size_could_take_is_refused_at_once() => Assert.Throws<ArgumentException>(
        () => new Member(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1"], StoreWindow = 1 << 20 }));

    private static Member MasterAlone(Optimism optimism, out List<MemberOutput> said)
    {
        Member member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1"], InitialOptimism = optimism });
        Lease lease = Lease.None;
        said = [];
        Queue<MemberInput> inputs = new([new MemberInput.Started(Position.Origin, Position.Origin)]);
        while (inputs.TryDequeue(out MemberInput? input))
        {
            List<MemberOutput> outputs = [];
            member.Step(TimeSpan.FromMilliseconds(10), input, outputs);
            foreach (MemberOutput output in outputs)
            {
                if (output is MemberOutput.ReadState)
                    inputs.Enqueue(new MemberInput.StateRead(
                        new LogState(Position.Origin, default, lease, 0), new ClusterSettings(null, null, EventNumber.None, History: EventNumber.None), Position.Origin));
                else if (output is MemberOutput.Campaign campaign)
                    inputs.Enqueue(new MemberInput.Campaigned(new LeaseOutcome.Done(lease = new Lease(campaign.Expected.Term.Next, "m1@1", 0, TimeSpan.FromSeconds(1))), TimeSpan.FromMilliseconds(10)));
            }
            said.AddRange(outputs);
        }
        Assert.Equal(Role.Master, member.Role);
        return member;
    }
}
