using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core;

public sealed class LeaseTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly Gen<Lease> GenLease = Gen.Select(Gen.ULong[0, 3], OneOf("", "a", "b"), Gen.ULong[0, 2], Gen.Int[1, 2])
        .Select(static (term, holder, renewals, seconds) => new Lease(new Term(term), holder, renewals, TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_campaign_is_won_against_the_lease_that_was_seen_or_found_won() =>
        Gen.Select(GenLease, GenLease, OneOf("a", "b")).Sample(static (current, expected, candidate) =>
        {
            (Lease lease, bool won) = LeaseRules.Campaign(current, expected, candidate, Second);
            if (current == expected)
                Assert.Equal((new Lease(current.Term.Next, candidate, 0, Second), true), (lease, won));
            else
                Assert.Equal((current, current.Term.Value == expected.Term.Value + 1 && current.Holder == candidate), (lease, won));
        });

    [Fact]
    public void Whatever_happens_the_term_never_falls_and_each_term_has_one_holder() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4], OneOf("a", "b", "c")).Array[1, 60].Sample(static steps =>
        {
            List<Lease> seen = [Lease.None];
            Dictionary<Term, string> holders = [];
            foreach ((int kind, int back, string who) in steps)
            {
                Lease current = seen[^1];
                Lease known = seen[Math.Max(0, seen.Count - 1 - back)];
                Lease next = kind switch
                {
                    0 => LeaseRules.Campaign(current, known, who, Second).Lease,
                    1 => LeaseRules.Renew(current, known).Lease,
                    _ => LeaseRules.Resign(current, known).Lease,
                };
                Assert.True(next.Term == current.Term || next.Term == current.Term.Next);
                if (next.IsHeld && !holders.TryAdd(next.Term, next.Holder))
                    Assert.Equal(holders[next.Term], next.Holder);
                seen.Add(next);
            }
        });

    [Fact]
    public void Only_the_holder_renews_and_resigns() =>
        Gen.Select(GenLease, GenLease).Sample(static (current, held) =>
        {
            bool his = held.IsHeld && (current.Term, current.Holder) == (held.Term, held.Holder);
            (Lease renewed, bool ok) = LeaseRules.Renew(current, held);
            Assert.Equal(his ? (current with { Renewals = current.Renewals + 1 }, true) : (current, false), (renewed, ok));
            (Lease resigned, bool done) = LeaseRules.Resign(current, held);
            Assert.Equal(current.Term, resigned.Term);
            Assert.Equal(his || (current.Term == held.Term && !current.IsHeld), done);
            if (done)
            {
                Assert.False(resigned.IsHeld);
                Assert.True(LeaseRules.Resign(resigned, held).Resigned);
            }
            else
            {
                Assert.Equal(current, resigned);
            }
        });

    [Fact]
    public void A_name_or_a_duration_that_no_store_keeps_is_refused()
    {
        LeaseRules.CheckCandidate(new string('ü', 127), TimeSpan.FromMilliseconds(1));
        LeaseRules.CheckCandidate("a", TimeSpan.FromHours(1));
        Assert.Throws<ArgumentException>(static () => LeaseRules.CheckCandidate("", Second));
        Assert.Throws<ArgumentException>(static () => LeaseRules.CheckCandidate(new string('ü', 128), Second));
        Assert.Throws<ArgumentOutOfRangeException>(static () => LeaseRules.CheckCandidate("a", TimeSpan.FromMicroseconds(999)));
        Assert.Throws<ArgumentOutOfRangeException>(static () => LeaseRules.CheckCandidate("a", TimeSpan.FromHours(1) + Second));
    }

    [Fact]
    public void A_watcher_may_campaign_when_the_lease_stood_still_for_its_duration()
    {
        Lease lease = new(new Term(3), "a", 1, TimeSpan.FromSeconds(4));
        LeaseWatch watch = default;
        Assert.False(watch.MayCampaign(TimeSpan.FromDays(1)));
        watch = watch.See(lease, Second);
        Assert.False(watch.MayCampaign(Second));
        watch = watch.See(lease, 3 * Second);
        Assert.Equal(2 * Second, watch.Remaining(3 * Second));
        Assert.False(watch.MayCampaign((5 * Second) - TimeSpan.FromTicks(1)));
        Assert.True(watch.MayCampaign(5 * Second));
        Assert.Equal(TimeSpan.Zero, watch.Remaining(6 * Second));
        watch = watch.See(lease with { Renewals = 2 }, 5 * Second);
        Assert.False(watch.MayCampaign(6 * Second));
        Assert.Equal(3 * Second, watch.Remaining(6 * Second));
        Assert.True(watch.See(lease with { Holder = "" }, 6 * Second).MayCampaign(6 * Second));
        Assert.Equal(TimeSpan.Zero, watch.See(Lease.None, 6 * Second).Remaining(6 * Second));
    }

    [Fact]
    public void A_renewed_lease_is_never_taken_for_dead() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Int[0, 999].Array[1, 50]).Sample(static (milliseconds, gaps) =>
        {
            Lease lease = new(new Term(1), "a", 0, TimeSpan.FromMilliseconds(milliseconds));
            TimeSpan now = TimeSpan.Zero;
            LeaseWatch watch = default;
            foreach (int gap in gaps)
            {
                watch = watch.See(lease, now);
                now += TimeSpan.FromMilliseconds(gap % milliseconds);
                Assert.False(watch.MayCampaign(now));
                Assert.Equal(lease.Duration - TimeSpan.FromMilliseconds(gap % milliseconds), watch.Remaining(now));
                lease = LeaseRules.Renew(lease, lease).Lease;
            }
        });

    private static Gen<string> OneOf(params string[] names) => Gen.Int[0, names.Length - 1].Select(i => names[i]);
}
