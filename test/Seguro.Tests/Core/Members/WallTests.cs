using Seguro.Core;

namespace Seguro.Tests.Core.Members;

/// <summary>What a member asked, and what it is told: where the two do not fit, it ends before it acts on that.</summary>
public sealed class WallTests : HandFedMember
{
    private static readonly Event Next = Following(At(First));

    [Fact]
    public void An_answer_that_nobody_asked_for_ends_the_member_with_its_state()
    {
        Win(Position.Origin, []);
        InvalidOperationException ended = Assert.Throws<InvalidOperationException>(() => Step(default, new MemberInput.LocalAppended(At(First))));
        Assert.Contains("the local log answers what it was asked", ended.Message, StringComparison.Ordinal);
        Assert.Contains("m1 is Master of term 2", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_local_log_ends_where_it_was_asked_to_end()
    {
        LocalLogState log = new();
        log.Begin(Position.Origin);
        Assert.Throws<BrokenInvariantException>(() => log.AskAppend([Next]));
        log = new();
        log.AskAppend([First]);
        Assert.Equal((Position.Origin, At(First), true), (log.End, log.Asked, log.IsBusy));
        Assert.Throws<BrokenInvariantException>(() => log.AskAppend([First]));
        Assert.Throws<BrokenInvariantException>(() => log.Lengthened(At(First)));
        Assert.Throws<BrokenInvariantException>(() => log.Appended(At(Next)));
        log = new();
        log.AskAppend([First]);
        log.Appended(At(First));
        Assert.Equal((At(First), false), (log.End, log.IsBusy));
        log.Lend();
        log.Lengthened(At(Next));
        log.GiveBack(At(Next));
        Assert.Equal((At(Next), At(Next), false), (log.End, log.Asked, log.IsBusy));
        log.AskQuarantine(At(First));
        Assert.Throws<BrokenInvariantException>(() => log.Appended(At(First)));
    }

    [Fact]
    public void A_ship_answers_what_it_was_asked_and_no_more()
    {
        LocalShipState ship = new();
        ship.AskApply([First, Next]);
        Assert.True(ship.IsApplying);
        Assert.Equal(2, ship.Applied(1).Count);
        Assert.Equal((At(First), At(First)), (ship.Position, ship.Asked)); // the rest is asked for again
        ship.AskPoke();
        Assert.Throws<BrokenInvariantException>(() => ship.AskRestore());
        ship.Poked();
        ship.Advance(At(Next));
        Assert.Throws<BrokenInvariantException>(() => ship.Advance(At(Next)));
        ship.Stray();
        ship.AskRestore();
        ship.Restored(At(First));
        Assert.Equal((At(First), false), (ship.Position, ship.IsAstray));
        ship.AskAdopt([Next]);
        Assert.False(ship.IsApplying);
        Assert.Throws<BrokenInvariantException>(() => ship.Adopted(2));
        ship = new();
        ship.AskPoke();
        Assert.Throws<BrokenInvariantException>(() => ship.Ended(At(First)));
    }

    [Fact]
    public void What_is_committed_here_only_grows_until_the_store_is_compared_again()
    {
        ProgressState progress = new();
        progress.Begin(Position.Origin, null);
        progress.Confirm(At(Next));
        Assert.Throws<BrokenInvariantException>(() => progress.Confirm(At(First)));
        Assert.Throws<BrokenInvariantException>(progress.StateRead);
        progress.Compared(At(First));
        Assert.Equal((At(First), At(Next), At(Next)), (progress.Committed, progress.EverCommitted, progress.Proven));
    }

    [Fact]
    public void A_campaign_that_is_repeated_counts_from_the_first_try_and_another_from_its_own()
    {
        LeaseState lease = new();
        lease.Campaign(Lease.None);
        Assert.Throws<BrokenInvariantException>(() => lease.Campaign(Lease.None));
        lease.Campaigned(new LeaseOutcome.Unknown("gone"), Second);
        lease.Campaign(Lease.None);
        Assert.Equal(Second, lease.FirstAsked(Second * 3));
        lease.Campaigned(new LeaseOutcome.Unknown("gone"), Second * 3);
        Assert.Equal(Second, lease.FirstAsked(Second * 3));
        lease.Campaign(new Lease(new Term(1), "m2@1", 0, Second));
        Assert.Equal(Second * 5, lease.FirstAsked(Second * 5));
        Assert.Throws<BrokenInvariantException>(() => lease.Observed(null, Second));
    }
}
