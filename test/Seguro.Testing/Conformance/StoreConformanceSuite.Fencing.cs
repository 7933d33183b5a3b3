using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_write_of_an_older_term_is_fenced()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(2, Cancel);
        Append appended = LogSession.Build(session.Term, session.Head, [[5]]);
        Term old = session.Term;
        Lease now = await session.DeposeAsync(Cancel);
        WriteOutcome fenced = new WriteOutcome.Fenced(now);
        Assert.Equal(fenced, await session.Stored.AppendAsync(appended, Cancel));
        Assert.Equal(fenced, await session.Stored.AppendAsync(LogSession.Build(old, AnotherPosition(9), [[5]]), Cancel));
        if (session.Store.Capabilities.LargestEvent > session.Store.Capabilities.LargestFragment)
            Assert.Equal(fenced, await session.Stored.StageAsync(new Stage(old, session.Head.Number.Next, 1, [new byte[] { 1 }]), Cancel));
        Assert.Equal(fenced, await session.Stored.TrimAsync(old, new EventNumber(2), Cancel));
        Assert.Equal(fenced, await session.Stored.SetMetadataAsync(old, "color", null, "red"u8.ToArray(), Cancel));
        Assert.Empty(await session.Stored.ReadMetadataAsync(Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_write_of_a_term_that_never_was_is_fenced()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(1, Cancel);
        WriteOutcome fenced = new WriteOutcome.Fenced(session.Lease);
        foreach (Term term in (Term[])[Term.None, session.Term.Next, new Term(long.MaxValue)])
        {
            Assert.Equal(fenced, await session.Stored.AppendAsync(LogSession.Build(term, session.Head, [[5]]), Cancel));
            Assert.Equal(fenced, await session.Stored.SetMetadataAsync(term, "color", null, "red"u8.ToArray(), Cancel));
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task The_repeat_of_a_committed_append_of_an_older_term_is_fenced()
    {
        await using LogSession session = await BeginAsync();
        Append append = LogSession.Build(session.Term, session.Head, [[1], [2]]);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(append, Cancel));
        Lease now = await session.DeposeAsync(Cancel);
        Assert.Equal(new WriteOutcome.Fenced(now), await session.Stored.AppendAsync(append, Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task A_batch_is_fenced_between_its_groups()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(1, Cancel);
        Append first = LogSession.Build(session.Term, session.Head, [[1], [2]]);
        Append second = LogSession.Build(session.Term, first.Last, [[3]]);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(first, Cancel));
        session.Follow(await (await OpenSecondSessionAsync(session)).CampaignAsync(session.Lease, Cancel));
        Assert.Equal(new WriteOutcome.Fenced(session.Lease), await session.Stored.AppendAsync(second, Cancel));
        session.Head = first.Last;
        session.Payloads.AddRange([[1], [2]]);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_staged_event_is_fenced_between_its_stages()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await session.AppendAsync(2, Cancel);
        StagedEvent staged = StagedEvent.Of(session, fragments: 5, seed: 1);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(staged.Stage(session.Term, 1, 2), Cancel));
        Term old = session.Term;
        session.Follow(await session.DeposeAsync(Cancel));
        WriteOutcome fenced = new WriteOutcome.Fenced(session.Lease);
        Assert.Equal(fenced, await session.Stored.StageAsync(staged.Stage(old, 3, 2), Cancel));
        Assert.Equal(fenced, await session.Stored.AppendAsync(staged.Append(old), Cancel));
        await session.CheckAsync(Cancel);

        // The campaign removed what the old master staged: it does not even come out beyond the next event's size.
        await session.AppendAsync([[1, 2, 3]], Cancel);
        List<int> indexes = [];
        await foreach (StoredFragment fragment in session.Stored.ReadAsync(staged.Number, staged.Number, Cancel))
            indexes.Add(fragment.Index);
        Assert.Equal([0], indexes);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Staged_fragments_are_invisible_until_their_event_is_appended()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await session.AppendAsync(2, Cancel);
        LogState before = await session.Stored.ReadStateAsync(Cancel);
        StagedEvent staged = StagedEvent.Of(session, fragments: 4, seed: 3);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(staged.Stage(session.Term, 1, 3), Cancel));
        Assert.Equal(before, await session.Stored.ReadStateAsync(Cancel));
        Assert.Null(await session.Stored.ReadChainAsync(staged.Number, Cancel));
        Assert.Equal([1UL, 2UL], (await ReadRawAsync(session.Stored, 1, 10)).Select(static f => f.Number));
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(staged.Append(session.Term), Cancel));
        session.Head = staged.Append(session.Term).Last;
        session.Payloads.Add(staged.Payload);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Staging_may_be_repeated_and_overwritten()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        StagedEvent abandoned = StagedEvent.Of(session, fragments: 6, seed: 4);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(abandoned.Stage(session.Term, 1, 5), Cancel));
        StagedEvent kept = StagedEvent.Of(session, fragments: 3, seed: 5);
        for (int i = 0; i < 2; i++)
            Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(kept.Stage(session.Term, 1, 2), Cancel));
        Append append = kept.Append(session.Term);
        for (int i = 0; i < 2; i++)
            Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.Add(kept.Payload);
        await session.CheckAsync(Cancel);
        await session.AppendAsync(2, Cancel);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Leftovers_of_a_larger_attempt_do_not_show_in_a_small_event()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        StagedEvent abandoned = StagedEvent.Of(session, fragments: 5, seed: 6);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(abandoned.Stage(session.Term, 1, 4), Cancel));
        await session.AppendAsync([[1, 2, 3], [], [4]], Cancel);
        await session.CheckAsync(Cancel);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, new EventNumber(2), Cancel));
        session.Payloads.RemoveAt(0);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Staging_at_or_below_the_head_conflicts()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await session.AppendAsync(3, Cancel);
        WriteOutcome conflict = new WriteOutcome.Conflict(await session.Stored.ReadStateAsync(Cancel));
        foreach (ulong number in (ulong[])[1, 2, 3])
            Assert.Equal(conflict, await session.Stored.StageAsync(new Stage(session.Term, new EventNumber(number), 1, [new byte[] { 1 }]), Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Of_two_writers_with_the_same_term_and_head_one_commits()
    {
        await using LogSession session = await BeginAsync();
        EventLog other = await session.OpenSecondAsync(Cancel);
        for (ulong round = 1; round <= 20; round++)
        {
            byte[][][] tries = [[SeededPayload.Of(round, 30)], [SeededPayload.Of(round + 1000, 30), SeededPayload.Of(round + 2000, 8)]];
            Append[] appends = [.. tries.Select(payloads => LogSession.Build(session.Term, session.Head, payloads))];
            WriteOutcome[] outcomes = await Task.WhenAll(
                Task.Run(() => RepeatAsync(() => session.Stored.AppendAsync(appends[0], Cancel)), Cancel),
                Task.Run(() => RepeatAsync(() => other.Stored.AppendAsync(appends[1], Cancel)), Cancel));
            int winner = outcomes[0] is WriteOutcome.Committed ? 0 : 1;
            Assert.IsType<WriteOutcome.Committed>(outcomes[winner]);
            Assert.Equal(appends[winner].Last, Assert.IsType<WriteOutcome.Conflict>(outcomes[1 - winner]).Current.Head.Position);
            session.Head = appends[winner].Last;
            session.Payloads.AddRange(tries[winner]);
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task The_same_append_by_two_writers_commits_once_and_both_hear_so()
    {
        await using LogSession session = await BeginAsync();
        EventLog other = await session.OpenSecondAsync(Cancel);
        for (ulong round = 1; round <= 10; round++)
        {
            byte[] payload = SeededPayload.Of(round, 50);
            Append append = LogSession.Build(session.Term, session.Head, [payload]);
            WriteOutcome[] outcomes = await Task.WhenAll(
                Task.Run(() => RepeatAsync(() => session.Stored.AppendAsync(append, Cancel)), Cancel),
                Task.Run(() => RepeatAsync(() => other.Stored.AppendAsync(append, Cancel)), Cancel));
            Assert.All(outcomes, static outcome => Assert.IsType<WriteOutcome.Committed>(outcome));
            session.Head = append.Last;
            session.Payloads.Add(payload);
        }
        await session.CheckAsync(Cancel);
    }

    /// <summary>Repeats a write of unknown outcome, which databases may answer when two writers meet.</summary>
    protected static async Task<WriteOutcome> RepeatAsync(Func<ValueTask<WriteOutcome>> write)
    {
        WriteOutcome outcome = await write();
        for (int i = 1; i < 50 && outcome is WriteOutcome.Unknown; i++)
            outcome = await write();
        return outcome;
    }

    private static async Task<SecondCandidate> OpenSecondSessionAsync(LogSession session) => new(await session.OpenSecondAsync(Cancel));

    private sealed record SecondCandidate(EventLog Log)
    {
        public async Task<Lease> CampaignAsync(Lease expected, CancellationToken cancel)
        {
            LeaseOutcome outcome = await Log.Stored.CampaignAsync(expected, "another client", LogSession.LeaseDuration, cancel);
            return Assert.IsType<LeaseOutcome.Done>(outcome).Lease;
        }
    }
}
