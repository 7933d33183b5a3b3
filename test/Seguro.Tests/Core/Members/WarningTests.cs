using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>A warning goes when its cause is gone; one of something that happened goes after a day. And why a member rejoins is said.</summary>
public sealed class WarningTests : HandFedMember
{
    [Fact]
    public void What_a_master_says_of_its_replicas_ends_with_its_mastership_and_why_it_ends_is_told()
    {
        Lease mine = WinAndCommitFirst();
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term, At(First), At(First), At(First), Stopped: "its ship differs")));
        Assert.Contains("m2 stands still: its ship differs", Member.Status.Warnings);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Ack(mine.Term.Next, At(First), At(First), At(First), Stopped: "its ship differs")));
        Assert.Equal($"term {mine.Term.Next} took over", Assert.Single(Outputs.OfType<MemberOutput.RoleChanged>(), static changed => changed.Role is Role.Rejoining).Reason);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("m2", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_let_another_try_says_so_until_another_is_master()
    {
        Campaign(Position.Origin, []);
        Lease mine = new(new Term(2), "m1@1", 0, Second);
        Step(default, new MemberInput.Campaigned(new LeaseOutcome.Done(mine), Now));
        Step(default, new MemberInput.StateRead(State(At(First), mine), TakenOver, Position.Origin));
        for (int moment = 0; moment < 100 && Member.Role is Role.Candidate; moment++)
        {
            MemberOutput[] wanted = [.. Outputs];
            Step(Second / 10, MemberInput.Tick.Instance);
            foreach (MemberOutput output in wanted.Concat(Outputs.ToArray()))
            {
                if (output is MemberOutput.Renew renew)
                    Step(default, new MemberInput.Renewed(new LeaseOutcome.Done(mine = renew.Held with { Renewals = renew.Held.Renewals + 1 }), Now));
                else if (output is MemberOutput.Read read)
                    Step(default, new MemberInput.EventsRead(read.After, []));
            }
        }
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("lets another member try", StringComparison.Ordinal));
        Lease others = new(new Term(3), "m2@1", 0, Second);
        Step(default, new MemberInput.Received("m2", new MemberMessage.Push(others, Position.Origin, [], Position.Origin, EventNumber.None, default)));
        Assert.Equal("m2", Member.Status.Master);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("lets another member try", StringComparison.Ordinal));
    }

    [Fact]
    public void What_happened_is_warned_of_for_a_day()
    {
        Lease others = new(new Term(1), "m2@1", 0, Second);
        Step(default, new MemberInput.Started(At(First), At(First)));
        Step(default, new MemberInput.StateRead(State(Position.Origin, others), TakenOver, Position.Origin));
        Step(default, new MemberInput.Quarantined(Position.Origin, [First]));
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("quarantine", StringComparison.Ordinal));
        Step(TimeSpan.FromHours(23.9), MemberInput.Tick.Instance);
        Assert.Contains(Member.Status.Warnings, static warning => warning.Contains("quarantine", StringComparison.Ordinal));
        Step(TimeSpan.FromHours(0.2), MemberInput.Tick.Instance);
        Assert.DoesNotContain(Member.Status.Warnings, static warning => warning.Contains("quarantine", StringComparison.Ordinal));
    }
}
