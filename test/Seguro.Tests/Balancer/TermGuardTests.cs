using Microsoft.Extensions.Time.Testing;
using Seguro.Balancer;

namespace Seguro.Tests.Balancer;

/// <summary>Which term the balancer goes by: a takeover counts at once, an invented one does not last.</summary>
public sealed class TermGuardTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TermGuard _guard;

    public TermGuardTests() => _guard = new TermGuard(_time);

    [Fact]
    public void A_takeover_counts_at_once_and_fences_the_one_before()
    {
        Say(("a", true, 7), ("b", false, 7), ("c", false, 7));
        Assert.True(_guard.Admit("a", 7));
        // c is gone, a slept and knows nothing yet.
        _guard.Hear("b", true, 8);
        Assert.Equal(8UL, _guard.Term);
        Assert.False(_guard.Admit("a", 7));
        Assert.True(_guard.Admit("b", 8));
        _guard.Hear("a", false, 8);
        Pass(60, ("a", false, 8), ("b", true, 8));
        Assert.Equal((8UL, 0L, 0L), (_guard.Term, _guard.Refused, _guard.TakenBack));
    }

    [Fact]
    public void An_effect_shows_the_term_as_well_as_a_hello()
    {
        Say(("a", true, 7), ("b", false, 7));
        Assert.True(_guard.Admit("b", 9));
        Assert.False(_guard.Admit("a", 7));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void A_recovery_counts_at_once(ulong jump)
    {
        Say(("a", true, 7), ("b", false, 7));
        _guard.Hear("b", true, 7 + jump);
        Assert.Equal(7 + jump, _guard.Term);
    }

    [Fact]
    public void A_term_out_of_reach_is_not_taken_until_another_member_knows_of_it()
    {
        Say(("a", true, 7), ("b", false, 7), ("c", false, 7));
        _guard.Hear("c", true, ulong.MaxValue);
        Assert.Equal((7UL, 1L), (_guard.Term, _guard.Refused));
        Assert.Contains("c says that it is master of term 18446744073709551615", _guard.Trouble, StringComparison.Ordinal);
        Assert.True(_guard.Admit("a", 7));
        // Whoever it is, what it releases is no older than what is in force.
        Assert.True(_guard.Admit("c", ulong.MaxValue));
        Assert.Equal(7UL, _guard.Term);
        // True after all: the balancer was away while terms grew.
        _guard.Hear("b", false, 50_000);
        _guard.Hear("a", true, 50_000);
        Assert.Equal(50_000UL, _guard.Term);
    }

    [Fact]
    public void A_term_within_reach_that_nobody_backs_is_taken_back_and_its_claimant_is_not_believed_alone_again()
    {
        Say(("a", true, 7), ("b", false, 7), ("c", false, 7));
        _guard.Hear("c", true, 1000);
        Assert.False(_guard.Admit("a", 7));
        Pass(5, ("a", true, 7), ("b", false, 7), ("c", true, 1000));
        _guard.Hear("c", true, 2000); // wins no time by going on
        Pass(5, ("a", true, 7), ("b", false, 7), ("c", true, 2000));
        Assert.Equal((7UL, 1L), (_guard.Term, _guard.TakenBack));
        Assert.Contains("c said that it is master of term 2000", _guard.Trouble, StringComparison.Ordinal);
        Assert.True(_guard.Admit("a", 7));
        long refused = _guard.Refused;
        _guard.Hear("c", true, 8);
        Assert.Equal((7UL, refused + 1), (_guard.Term, _guard.Refused));
        // A takeover by the same member, of which another knows, counts, and its word alone does again.
        _guard.Hear("b", false, 8);
        _guard.Hear("c", true, 8);
        Assert.Equal(8UL, _guard.Term);
        _guard.Hear("c", true, 9);
        Assert.Equal(9UL, _guard.Term);
    }

    [Fact]
    public void Who_is_there_alone_is_believed()
    {
        Say(("a", true, 7), ("b", false, 7));
        Pass(4, ("b", false, 7));
        _guard.Hear("b", true, 1_000_000);
        Assert.Equal(1_000_000UL, _guard.Term);
        Pass(60, ("b", true, 1_000_000));
        Assert.Equal(1_000_000UL, _guard.Term);
    }

    [Fact]
    public void The_only_member_is_not_silenced_by_its_own_stolen_key()
    {
        Say(("a", true, 7));
        _guard.Hear("a", true, ulong.MaxValue); // who has its key says so
        Assert.True(_guard.Admit("a", 7));
        _guard.Hear("a", true, 7);
        Assert.Equal((7UL, 1L), (_guard.Term, _guard.TakenBack));
        Assert.Contains("a said that it is master of term 18446744073709551615", _guard.Trouble, StringComparison.Ordinal);
        // With another there, it is again the others' word that counts.
        _guard.Hear("a", true, 8);
        _guard.Hear("b", false, 8);
        Assert.False(_guard.Admit("a", 7));
    }

    [Fact]
    public void The_first_term_after_a_start_is_taken_and_taken_back_too()
    {
        _guard.Hear("c", true, ulong.MaxValue);
        Assert.Equal(ulong.MaxValue, _guard.Term);
        Pass(11, ("a", true, 7), ("b", false, 7), ("c", true, ulong.MaxValue));
        Assert.Equal(7UL, _guard.Term);
        Assert.True(_guard.Admit("a", 7));
    }

    [Fact]
    public void A_member_whose_key_is_taken_away_leaves_no_term_behind()
    {
        Say(("a", true, 7), ("b", false, 7), ("c", false, 7));
        _guard.Hear("c", true, 1000);
        _guard.Keep(["a", "b"]);
        Assert.Equal(7UL, _guard.Term);
    }

    private void Say(params (string Member, bool IsMaster, ulong Term)[] words)
    {
        foreach ((string member, bool isMaster, ulong term) in words)
            _guard.Hear(member, isMaster, term);
    }

    /// <summary>So many seconds, in each of which these say hello.</summary>
    private void Pass(int seconds, params (string Member, bool IsMaster, ulong Term)[] words)
    {
        for (int second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Say(words);
            _guard.Look();
        }
    }
}
