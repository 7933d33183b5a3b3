using CsCheck;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Core;

/// <summary>Whole events over a store of tiny fragments: cutting, staging, repeating, verifying.</summary>
public sealed class EventLogTests
{
    private static readonly Ship Zod = Ship.Parse("~zod");

    private static readonly Gen<ModelOptions> GenOptions = Gen.Select(Gen.Int[1, 40], Gen.Int[0, 200], Gen.Int[1, 6]).Select(
        static (fragment, more, group) => new ModelOptions { LargestFragment = fragment, LargestTransaction = fragment + more, LargestGroup = group, LargestEvent = 1000 });

    private static readonly Gen<byte[][]> GenPayloads = Gen.OneOf(Gen.Int[0, 5], Gen.Int[0, 60], Gen.Int[0, 1000])
        .Select(Gen.ULong, static (size, seed) => SeededPayload.Of(seed, size)).Array[0, 12];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_appended_is_read() =>
        await Gen.Select(GenOptions, GenPayloads, GenPayloads).SampleAsync(static async (options, first, second) =>
        {
            (ModelStore store, EventLog log, Lease lease) = await BeginAsync(options);
            AppendResult one = await AppendAsync(log, lease.Term, Position.Origin, first);
            AppendResult two = await AppendAsync(log, lease.Term, one.Reached, second);
            byte[][] all = [.. first, .. second];
            Assert.True(one.IsCommitted && two.IsCommitted);
            Assert.Equal(LogSession.After(Position.Origin, all), two.Reached);
            Assert.Equal(all, await ReadAsync(log, 1, (ulong)all.Length));
            Assert.Equal(all.Sum(static p => (long)p.Length), (await log.ReadStateAsync(Cancel)).Bytes);
            for (int n = 1; n <= all.Length; n++)
                Assert.Equal([.. all.Skip(n - 1)], await ReadAsync(log, (ulong)n, (ulong)all.Length));
            await store.DisposeAsync();
        });

    [Fact]
    public async Task Unknown_outcomes_are_resolved_by_repeating() =>
        await Gen.Select(GenOptions, GenPayloads, Gen.Int[0, 3].Array[0, 40]).SampleAsync(static async (options, payloads, fates) =>
        {
            (ModelStore store, EventLog log, Lease lease) = await BeginAsync(options);
            AppendResult result = new(WriteOutcome.Committed.Instance, Position.Origin);
            store.Database.Faults.NextWrites([.. fates.Select(static fate => fate switch
            {
                0 => WriteFate.UnknownApplied,
                1 => WriteFate.UnknownLost,
                _ => WriteFate.Fine,
            })]);
            List<byte[]> left = [.. payloads];
            for (int i = 0; left.Count > 0; i++)
            {
                Assert.True(i <= fates.Length, "it never comes to an end");
                Position before = result.Reached;
                result = await AppendAsync(log, lease.Term, before, left);
                Assert.True(result.Outcome is WriteOutcome.Committed or WriteOutcome.Unknown, $"{result.Outcome}");
                left.RemoveRange(0, (int)(result.Reached.Number - before.Number));
            }
            Assert.Equal(payloads, await ReadAsync(log, 1, (ulong)payloads.Length));
        });

    [Fact]
    public async Task An_outcome_that_stays_unknown_is_told()
    {
        (ModelStore store, EventLog log, Lease lease) = await BeginAsync(new ModelOptions());
        store.Database.Faults.NextWrites([.. Enumerable.Repeat(WriteFate.UnknownLost, EventLog.Attempts)]);
        AppendResult result = await AppendAsync(log, lease.Term, Position.Origin, [[1]]);
        Assert.IsType<WriteOutcome.Unknown>(result.Outcome);
        Assert.Equal(Position.Origin, result.Reached);
        Assert.True((await AppendAsync(log, lease.Term, Position.Origin, [[1]])).IsCommitted);
    }

    [Fact]
    public async Task A_refusal_after_an_unknown_outcome_leaves_it_unknown()
    {
        (ModelStore store, EventLog log, Lease lease) = await BeginAsync(new ModelOptions());
        store.Database.Faults.NextWrites(WriteFate.UnknownApplied, WriteFate.Refused, WriteFate.Refused, WriteFate.Refused, WriteFate.Refused);
        AppendResult result = await AppendAsync(log, lease.Term, Position.Origin, [[1]]);
        Assert.IsType<WriteOutcome.Unknown>(result.Outcome);
        Assert.Equal(1UL, (await log.ReadStateAsync(Cancel)).Head.Number.Value);
    }

    [Fact]
    public async Task A_refusal_at_once_is_an_error_and_nothing_is_written()
    {
        (ModelStore store, EventLog log, Lease lease) = await BeginAsync(new ModelOptions());
        store.Database.Faults.NextWrites(WriteFate.Refused);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => AppendAsync(log, lease.Term, Position.Origin, [[1]]).AsTask());
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.True((await log.ReadStateAsync(Cancel)).IsEmpty);
    }

    [Fact]
    public async Task A_batch_that_is_fenced_half_way_says_how_far_it_came()
    {
        (ModelStore store, EventLog log, Lease lease) = await BeginAsync(new ModelOptions { LargestGroup = 2 });
        byte[][] payloads = [[1], [2], [3], [4], [5]];
        IStoredLog? other = await store.OpenLogAsync(Zod, Cancel);
        DeposingEvents deposing = new(Link(payloads), 4, () => other!.CampaignAsync(lease, "another", TimeSpan.FromSeconds(1), Cancel).AsTask().Wait(Cancel));
        AppendResult result = await log.AppendEventsAsync(lease.Term, Position.Origin, deposing, Cancel);
        Assert.Equal(new Term(2), Assert.IsType<WriteOutcome.Fenced>(result.Outcome).Current.Term);
        Assert.Equal(LogSession.After(Position.Origin, payloads.Take(4)), result.Reached);
        Assert.Equal(payloads[..4], await ReadAsync(log, 1, 4));
    }

    [Fact]
    public async Task One_event_too_large_stops_the_whole_batch()
    {
        (ModelStore _, EventLog log, Lease lease) = await BeginAsync(new ModelOptions { LargestEvent = 10, LargestFragment = 4, LargestTransaction = 4 });
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => AppendAsync(log, lease.Term, Position.Origin, [[1], new byte[11]]).AsTask());
        Assert.Equal(ErrorCode.TooLarge, error.Code);
        Assert.True((await log.ReadStateAsync(Cancel)).IsEmpty);
        Assert.True((await AppendAsync(log, lease.Term, Position.Origin, [[1], new byte[10]])).IsCommitted);
    }

    [Fact]
    public async Task A_flipped_bit_is_found_in_the_event_that_has_it() =>
        await Gen.Select(GenOptions, GenPayloads, Gen.Int[0, 100_000], Gen.Int[0, 7]).SampleAsync(static async (options, payloads, at, bit) =>
        {
            payloads = [.. payloads, [1, 2, 3]];
            (ModelStore store, EventLog log, Lease lease) = await BeginAsync(options);
            await AppendAsync(log, lease.Term, Position.Origin, payloads);
            ulong hurt = 0;
            store.Database.Damage(Zod, fragments =>
            {
                List<(ulong Number, byte[] Bytes)> all = [.. fragments.SelectMany(static pair => pair.Value.Values.Where(static b => b.Length > 0).Select(b => (pair.Key, b)))];
                (hurt, byte[] bytes) = all[at % all.Count];
                bytes[at % bytes.Length] ^= (byte)(1 << bit);
            });
            await FindsAsync(log, payloads, hurt);
        });

    [Fact]
    public async Task A_fragment_that_is_missing_doubled_or_in_anothers_place_is_found() =>
        await Gen.Select(GenOptions, GenPayloads, Gen.Int[0, 100_000], Gen.Int[0, 3]).SampleAsync(static async (options, payloads, at, kind) =>
        {
            payloads = [SeededPayload.Of(1, 5 * options.LargestFragment), .. payloads, SeededPayload.Of(2, (3 * options.LargestFragment) + 1), [9]];
            (ModelStore store, EventLog log, Lease lease) = await BeginAsync(options with { LargestEvent = 10_000 });
            await AppendAsync(log, lease.Term, Position.Origin, payloads);
            ulong hurt = 0;
            store.Database.Damage(Zod, fragments =>
            {
                List<ulong> cut = [.. fragments.Where(static pair => pair.Value.Count > 1).Select(static pair => pair.Key)];
                hurt = cut[at % cut.Count];
                SortedDictionary<int, byte[]> own = fragments[hurt];
                int index = at % own.Count;
                int other = (index + 1) % own.Count;
                switch (kind)
                {
                    case 0:
                        own.Remove(index);
                        break;
                    case 1:
                        fragments.Remove(hurt);
                        break;
                    case 2:
                        own[index] = [.. own[other], 1];
                        break;
                    default:
                        (own[index], own[other]) = (own[other], own[index]);
                        if (own[index].AsSpan().SequenceEqual(own[other]))
                            own[index] = [.. own[index].Select(static b => (byte)~b)];
                        break;
                }
            });
            await FindsAsync(log, payloads, hurt);
        });

    [Fact]
    public async Task A_reader_that_is_cut_short_ends_with_the_stores_error()
    {
        (ModelStore store, EventLog log, Lease lease) = await BeginAsync(new ModelOptions { LargestFragment = 2, LargestTransaction = 4 });
        await AppendAsync(log, lease.Term, Position.Origin, [[1], [1, 2, 3, 4, 5], [3]]);
        for (int fragments = 0; fragments < 5; fragments++)
        {
            store.Database.Faults.CutReadsAfter(fragments);
            SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(log, 1, 3));
            Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        }
        store.Database.Faults.CutReadsAfter(null);
        Assert.Equal(3, (await ReadAsync(log, 1, 3)).Length);
    }

    [Fact]
    public async Task Ranges_outside_the_log_are_refused_by_what_is_wrong_with_them()
    {
        (ModelStore _, EventLog log, Lease lease) = await BeginAsync(new ModelOptions());
        await AppendAsync(log, lease.Term, Position.Origin, [[1], [2], [3], [4]]);
        await log.Stored.TrimAsync(lease.Term, new EventNumber(3), Cancel);
        Assert.Equal(ErrorCode.Trimmed, (await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(log, 2, 4))).Code);
        Assert.Equal(ErrorCode.BeyondHead, (await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(log, 3, 5))).Code);
        Assert.Empty(await ReadAsync(log, 4, 3));
        Assert.Equal([[3], [4]], await ReadAsync(log, 3, 4));
        Assert.Equal(ErrorCode.Trimmed, (await Assert.ThrowsAsync<SeguroException>(() => log.ReadPositionAsync(new EventNumber(1), Cancel).AsTask())).Code);
        Assert.Equal(LogSession.After(Position.Origin, [[1], [2]]), await log.ReadPositionAsync(new EventNumber(2), Cancel));
        Assert.Equal(Position.Origin, await log.ReadPositionAsync(EventNumber.None, Cancel));
    }

    private static async Task FindsAsync(EventLog log, byte[][] payloads, ulong hurt)
    {
        List<byte[]> read = [];
        SeguroException found = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            LogState state = await log.ReadStateAsync(Cancel);
            await foreach (Event one in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                read.Add(one.Payload.ToArray());
        });
        Assert.Equal(ErrorCode.Corrupt, found.Code);
        Assert.StartsWith($"event {hurt} of ~zod", found.Message, StringComparison.Ordinal);
        Assert.Equal(payloads[..((int)hurt - 1)], read);
    }

    private static async Task<(ModelStore Store, EventLog Log, Lease Lease)> BeginAsync(ModelOptions options)
    {
        ModelStore store = new(options);
        IStoredLog stored = await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel);
        LeaseOutcome outcome = await stored.CampaignAsync(Lease.None, "master", TimeSpan.FromSeconds(1), Cancel);
        return (store, new EventLog(stored, store.Capabilities), Assert.IsType<LeaseOutcome.Done>(outcome).Lease);
    }

    private static ValueTask<AppendResult> AppendAsync(EventLog log, Term term, Position previous, IEnumerable<byte[]> payloads) =>
        log.AppendAsync(term, previous, [.. payloads.Select(static p => (ReadOnlyMemory<byte>)p)], Cancel);

    private static async Task<byte[][]> ReadAsync(EventLog log, ulong from, ulong to)
    {
        LogState state = await log.ReadStateAsync(Cancel);
        List<byte[]> read = [];
        await foreach (Event one in log.ReadAsync(state, new EventNumber(from), new EventNumber(to), Cancel))
            read.Add(one.Payload.ToArray());
        return [.. read];
    }

    /// <summary>Payloads of which the one at <paramref name="at"/>, when it is asked for the second time, brings another master.</summary>
    private static Event[] Link(byte[][] payloads)
    {
        Event[] events = new Event[payloads.Length];
        Chain chain = Chain.Zero;
        for (int i = 0; i < events.Length; i++)
        {
            EventNumber number = new((ulong)i + 1);
            chain = ChainHasher.Of(chain, number, payloads[i]);
            events[i] = new Event(number, payloads[i], chain);
        }
        return events;
    }

    private sealed class DeposingEvents(Event[] events, int at, Action depose) : IReadOnlyList<Event>
    {
        private int _passes;

        public int Count => events.Length;

        public Event this[int index] => events[index];

        public IEnumerator<Event> GetEnumerator()
        {
            bool deposes = ++_passes == 2; // the first pass only checks sizes
            for (int i = 0; i < events.Length; i++)
            {
                yield return events[i];
                if (deposes && i == at)
                    depose();
            }
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
