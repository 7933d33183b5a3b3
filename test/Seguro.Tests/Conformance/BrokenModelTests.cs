using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Conformance;

/// <summary>The suite finds planted mistakes: each bug makes the fact fail that is about it, and the random operations too.</summary>
public sealed class BrokenModelTests
{
    private const int Iterations = 300;

    public static TheoryData<ModelBug, string> Facts { get; } = new()
    {
        { ModelBug.LowerTermAccepted, nameof(Suite.A_write_of_an_older_term_is_fenced) },
        { ModelBug.LowerTermAccepted, nameof(Suite.A_staged_event_is_fenced_between_its_stages) },
        { ModelBug.LowerTermAccepted, nameof(Suite.A_batch_is_fenced_between_its_groups) },
        { ModelBug.HeadNotChecked, nameof(Suite.An_append_elsewhere_than_at_the_head_conflicts) },
        { ModelBug.HeadNotChecked, nameof(Suite.Of_two_writers_with_the_same_term_and_head_one_commits) },
        { ModelBug.HeadNotChecked, nameof(Suite.A_repeated_append_with_other_bytes_conflicts) },
        { ModelBug.RepeatConflicts, nameof(Suite.A_repeated_append_is_found_committed) },
        { ModelBug.RepeatConflicts, nameof(Suite.The_same_append_by_two_writers_commits_once_and_both_hear_so) },
        { ModelBug.StagedVisible, nameof(Suite.Staged_fragments_are_invisible_until_their_event_is_appended) },
        { ModelBug.StagedSurvivesCampaign, nameof(Suite.A_staged_event_is_fenced_between_its_stages) },
        { ModelBug.TrimOffByOne, nameof(Suite.A_trim_removes_what_is_below_and_keeps_the_rest) },
        { ModelBug.MetadataNotFenced, nameof(Suite.Metadata_is_fenced) },
        { ModelBug.MetadataNotCompared, nameof(Suite.Metadata_is_compared_and_set) },
        { ModelBug.StateStale, nameof(Suite.Another_client_sees_what_was_committed_before_its_read_began) },
        { ModelBug.GroupTorn, nameof(Suite.Appends_move_head_and_bytes_and_leave_the_base) },
        { ModelBug.CampaignNotCompared, nameof(Suite.Of_candidates_for_the_same_lease_one_wins) },
        { ModelBug.CampaignNotCompared, nameof(Suite.A_campaign_against_another_lease_is_lost) },
        { ModelBug.CampaignNotRepeatable, nameof(Suite.A_repeated_campaign_finds_its_own_success) },
        { ModelBug.TermFalls, nameof(Suite.Terms_never_fall) },
        { ModelBug.ShipsMixed, nameof(Suite.Several_ships_do_not_see_each_other) },
        { ModelBug.IdentityNotKept, nameof(Suite.A_store_has_one_identity_whoever_asks_first) },
        { ModelBug.IdentityNotKept, nameof(Suite.The_identity_outlives_a_crash_and_a_change_of_leader) },
        { ModelBug.OpenCreates, nameof(Suite.Opening_a_missing_log_says_so_and_makes_nothing) },
        { ModelBug.CommitNotDurable, nameof(Suite.No_acknowledged_event_is_lost_when_the_server_is_killed) },
        { ModelBug.RepeatConflicts, nameof(Suite.No_acknowledged_event_is_lost_when_connections_are_cut_in_commits) },
        { ModelBug.RefusedButWritten, nameof(Suite.No_acknowledged_event_is_lost_when_the_server_is_killed) },
        { ModelBug.DeposedReads, nameof(Suite.A_deposed_leader_that_still_answers_says_nothing_false) },
        { ModelBug.DeposedDecides, nameof(Suite.A_deposed_leader_that_still_answers_says_nothing_false) },
        { ModelBug.BytesNotCounted, nameof(Suite.Appends_move_head_and_bytes_and_leave_the_base) },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public async Task A_planted_bug_makes_a_fact_fail(ModelBug bug, string fact)
    {
        Suite suite = new(ModelHarness.Of(new ModelOptions { Bug = bug, DurableCopies = 3 }));
        Assert.IsNotType<TimeoutException>(await Assert.ThrowsAnyAsync<Exception>(() => suite.RunAsync(fact)));
    }

    [Theory]
    [InlineData(ModelBug.LowerTermAccepted)]
    [InlineData(ModelBug.HeadNotChecked)]
    [InlineData(ModelBug.RepeatConflicts)]
    [InlineData(ModelBug.TrimOffByOne)]
    [InlineData(ModelBug.MetadataNotFenced)]
    [InlineData(ModelBug.MetadataNotCompared)]
    [InlineData(ModelBug.StateStale)]
    [InlineData(ModelBug.GroupTorn)]
    [InlineData(ModelBug.CampaignNotCompared)]
    [InlineData(ModelBug.CampaignNotRepeatable)]
    [InlineData(ModelBug.TermFalls)]
    [InlineData(ModelBug.BytesNotCounted)]
    public async Task A_planted_bug_is_found_by_random_operations(ModelBug bug)
    {
        Suite suite = new(ModelHarness.Of(new ModelOptions { Bug = bug, DurableCopies = 3 }));
        await Assert.ThrowsAsync<CsCheck.CsCheckException>(suite.Random_operations_end_as_the_model_says);
    }

    [Fact]
    public async Task Every_fact_named_here_passes_on_the_model_without_bugs()
    {
        foreach (string fact in Facts.Select(static row => row.Data.Item2).Distinct())
            await new Suite(ModelHarness.Of(new ModelOptions { DurableCopies = 3 })).RunAsync(fact);
    }

    /// <summary>The suite as an object whose facts are called by name. Not a test class of its own: it is never public.</summary>
    private sealed class Suite(StoreHarness harness) : ServerConformanceSuite(harness)
    {
        protected override int ModelSequences => Iterations;

        // Called by name, a fact has no bound but this one.
        public Task RunAsync(string fact) => ((Task)typeof(Suite).GetMethod(fact)!.Invoke(this, null)!).WaitAsync(TimeSpan.FromMilliseconds(Bound), Cancel);
    }
}
