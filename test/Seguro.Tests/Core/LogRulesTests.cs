using CsCheck;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Core;

public sealed class LogRulesTests
{
    private static readonly Gen<Position> GenPosition = Gen.Select(Gen.ULong[0, 6], Gen.Int[0, 2])
        .Select(static (number, chain) => new Position(new EventNumber(number), new Chain(SeededPayload.Of((ulong)chain, Chain.Size))));

    private static readonly Gen<LogState> GenState = Gen.Select(GenPosition, Gen.ULong[0, 4], Gen.ULong[0, 3], Gen.Long[0, 1000]).Select(
        static (head, held, term, bytes) =>
        {
            Position bottom = new(new EventNumber(head.Number.Value - Math.Min(held, head.Number.Value)), head.Chain);
            return new LogState(bottom, new Head(new Term(term), head.Number, head.Chain), new Lease(new Term(term), "a", 0, TimeSpan.FromSeconds(1)), bytes);
        });

    private static readonly Gen<Append> GenAppend = Gen.Select(Gen.ULong[0, 3], GenPosition, Gen.Int[1, 3], Gen.ULong[0, 2]).Select(
        static (term, previous, count, seed) => LogSession.Build(
            new Term(term), previous, [.. Enumerable.Range(0, count).Select(i => SeededPayload.Of(seed, i))]));

    [Fact]
    public void An_append_is_fenced_found_taken_or_in_conflict() =>
        Gen.Select(GenState, GenAppend).Sample(static (state, append) =>
        {
            WriteOutcome? decided = LogRules.Decide(state, append);
            if (append.Term != state.Lease.Term)
                Assert.Equal(new WriteOutcome.Fenced(state.Lease), decided);
            else if (append.Last == state.Head.Position)
                Assert.Equal(WriteOutcome.Committed.Instance, decided);
            else if (append.Previous == state.Head.Position)
                Assert.Null(decided);
            else
                Assert.Equal(new WriteOutcome.Conflict(state), decided);
        });

    [Fact]
    public void An_append_that_was_taken_is_found_when_it_is_repeated() =>
        Gen.Select(GenState, GenAppend).Sample(static (state, any) =>
        {
            Append append = new(state.Lease.Term, state.Head.Position, [.. any.Events.Select((added, i) => added with { Number = state.Head.Number + (ulong)i + 1 })]);
            Assert.Null(LogRules.Decide(state, append));
            LogState after = LogRules.After(state, append);
            Assert.Equal(state.Bytes + append.Size, after.Bytes);
            Assert.Equal(state.Head.Number + (ulong)append.Events.Count, after.Head.Number);
            Assert.Equal((state.Base, state.Lease, append.Term), (after.Base, after.Lease, after.Head.Term));
            Assert.Equal(WriteOutcome.Committed.Instance, LogRules.Decide(after, append));
        });

    [Fact]
    public void Bytes_do_not_wrap_around()
    {
        LogState full = new(Position.Origin, default, default, long.MaxValue);
        Assert.Throws<OverflowException>(() => LogRules.After(full, LogSession.Build(Term.None, Position.Origin, [[1]])));
    }

    [Fact]
    public void Only_events_above_the_head_are_staged() =>
        Gen.Select(GenState, Gen.ULong[0, 3], Gen.ULong[0, 10]).Sample(static (state, term, number) =>
        {
            WriteOutcome? decided = LogRules.Decide(state, new Stage(new Term(term), new EventNumber(number), 1, []));
            WriteOutcome? expected = term != state.Lease.Term.Value ? new WriteOutcome.Fenced(state.Lease)
                : number > state.Head.Number.Value ? null : new WriteOutcome.Conflict(state);
            Assert.Equal(expected, decided);
        });

    [Fact]
    public void A_trim_keeps_within_the_log() =>
        Gen.Select(GenState, Gen.ULong[0, 3], Gen.ULong[1, 10]).Sample(static (state, term, first) =>
        {
            WriteOutcome? decided = LogRules.DecideTrim(state, new Term(term), new EventNumber(first));
            WriteOutcome? expected = term != state.Lease.Term.Value ? new WriteOutcome.Fenced(state.Lease)
                : first <= state.Base.Number.Value + 1 ? WriteOutcome.Committed.Instance
                : first > state.Head.Number.Value + 1 ? new WriteOutcome.Conflict(state) : null;
            Assert.Equal(expected, decided);
            Assert.Throws<ArgumentOutOfRangeException>(() => LogRules.DecideTrim(state, state.Lease.Term, EventNumber.None));
        });

    [Fact]
    public void Metadata_is_found_compared_or_in_conflict()
    {
        ReadOnlyMemory<byte>?[] values = [null, ReadOnlyMemory<byte>.Empty, new byte[] { 1 }, new byte[] { 2 }];
        Gen.Select(GenState, Gen.ULong[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[1, 3]).Sample((state, term, current, expected, value) =>
        {
            WriteOutcome? decided = LogRules.DecideMetadata(state, new Term(term), values[current], values[expected], values[value]!.Value);
            WriteOutcome? should = term != state.Lease.Term.Value ? new WriteOutcome.Fenced(state.Lease)
                : current == value ? WriteOutcome.Committed.Instance
                : current == expected ? null : new WriteOutcome.Conflict(state);
            Assert.Equal(should, decided);
        });
    }
}
