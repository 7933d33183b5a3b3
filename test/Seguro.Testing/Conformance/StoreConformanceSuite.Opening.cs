using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoMetadata = [];

    [Fact(Timeout = Bound)]
    public async Task Opening_a_missing_log_says_so_and_makes_nothing()
    {
        await using IStore store = await Harness.OpenAsync(Cancel);
        Ship ship = ShipNames.Next();
        Assert.Null(await store.OpenLogAsync(ship, Cancel));
        Assert.DoesNotContain(ship, await store.ListLogsAsync(Cancel));
        Assert.Null(await store.OpenLogAsync(ship, Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task All_who_make_one_new_store_at_the_same_time_get_it()
    {
        for (int round = 0; round < NewStores; round++)
        {
            Func<CancellationToken, ValueTask<IStore>> open = await Harness.MakeAnotherAsync(Cancel);
            Ship ship = ShipNames.Next();
            using Barrier together = new(ClientsAtOnce);
            IStore[] clients = await Task.WhenAll(Enumerable.Range(0, ClientsAtOnce).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    together.SignalAndWait(Cancel);
                    return open(Cancel).AsTask();
                },
                Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
            await using (IStoredLog log = await clients[0].CreateLogAsync(ship, Position.Origin, NoMetadata, Cancel))
            {
                foreach (IStore client in clients)
                    Assert.Equal([ship], (await client.ListLogsAsync(Cancel)).Where(static one => one != PierFleet.Keeper));
            }
            foreach (IStore client in clients)
                await client.DisposeAsync();
        }
    }

    [Fact(Timeout = Bound)]
    public async Task A_new_log_is_empty_and_nobodys()
    {
        await using IStore store = await Harness.OpenAsync(Cancel);
        await using IStoredLog log = await store.CreateLogAsync(ShipNames.Next(), Position.Origin, NoMetadata, Cancel);
        Assert.Equal(new LogState(Position.Origin, new Head(Term.None, EventNumber.None, Chain.Zero), Lease.None, 0), await log.ReadStateAsync(Cancel));
        Assert.Equal(Lease.None, await log.ObserveLeaseAsync(Cancel));
        Assert.Equal(Chain.Zero, await log.ReadChainAsync(EventNumber.None, Cancel));
        Assert.Null(await log.ReadChainAsync(new EventNumber(1), Cancel));
        Assert.Empty(await log.ReadMetadataAsync(Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task Creating_an_existing_log_returns_it_as_it_is()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> other = new() { ["color"] = "red"u8.ToArray() };
        await using IStoredLog again = await session.Store.CreateLogAsync(session.Ship, AnotherPosition(40), other, Cancel);
        Assert.Equal(await session.Stored.ReadStateAsync(Cancel), await again.ReadStateAsync(Cancel));
        Assert.Empty(await again.ReadMetadataAsync(Cancel));
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_log_may_begin_above_one()
    {
        Position origin = AnotherPosition(1_000_000_000_000);
        await using LogSession session = await BeginAsync(origin);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        Assert.Equal(origin, state.Base);
        Assert.Equal(new Head(Term.None, origin.Number, origin.Chain), state.Head);
        Assert.Equal(origin.Chain, await session.Stored.ReadChainAsync(origin.Number, Cancel));
        await session.AppendAsync(5, Cancel);
        await session.CheckAsync(Cancel);
        Assert.Equal(origin.Number.Next, (await session.Stored.ReadStateAsync(Cancel)).First);
    }

    [Fact(Timeout = Bound)]
    public async Task Several_ships_do_not_see_each_other()
    {
        await using LogSession one = await BeginAsync();
        await using IStoredLog two = await one.Store.CreateLogAsync(ShipNames.Next(), Position.Origin, NoMetadata, Cancel);
        LogState untouched = await two.ReadStateAsync(Cancel);
        await one.AppendAsync(4, Cancel);
        Assert.IsType<WriteOutcome.Committed>(await one.Stored.SetMetadataAsync(one.Term, "color", null, "red"u8.ToArray(), Cancel));
        Assert.Equal(untouched, await two.ReadStateAsync(Cancel));
        Assert.Empty(await two.ReadMetadataAsync(Cancel));
        Assert.Null(await two.ReadChainAsync(new EventNumber(1), Cancel));
        Assert.Empty(await ReadRawAsync(two, 1, 4));
        LeaseOutcome lease = await two.CampaignAsync(Lease.None, "other", LogSession.LeaseDuration, Cancel);
        Term term = Assert.IsType<LeaseOutcome.Done>(lease).Lease.Term;
        Assert.IsType<WriteOutcome.Committed>(await two.AppendAsync(LogSession.Build(term, Position.Origin, [[1, 2, 3]]), Cancel));
        Assert.IsType<WriteOutcome.Committed>(await two.TrimAsync(term, new EventNumber(2), Cancel));
        await one.CheckAsync(Cancel);
        IReadOnlyList<Ship> ships = await one.Store.ListLogsAsync(Cancel);
        Assert.Contains(one.Ship, ships);
        Assert.Contains(two.Ship, ships);
        Assert.Equal(ships.OrderBy(static ship => ship.Name, StringComparer.Ordinal), ships);
    }

    [Fact(Timeout = Bound)]
    public async Task Metadata_given_at_creation_is_there()
    {
        await using IStore store = await Harness.OpenAsync(Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new()
        {
            ["color"] = "red"u8.ToArray(),
            ["empty"] = Array.Empty<byte>(),
            [MetadataKey.Life] = new byte[] { 5 },
        };
        Ship ship = ShipNames.Next();
        await using (await store.CreateLogAsync(ship, Position.Origin, metadata, Cancel))
        {
        }
        await using IStoredLog? log = await store.OpenLogAsync(ship, Cancel);
        Assert.NotNull(log);
        Assert.Equal(Text(metadata), Text(await log.ReadMetadataAsync(Cancel)));
    }

    [Fact(Timeout = Bound)]
    public async Task Reopening_shows_the_same()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(10, Cancel);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.SetMetadataAsync(session.Term, "color", null, "red"u8.ToArray(), Cancel));
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, new EventNumber(4), Cancel));
        session.Payloads.RemoveRange(0, 3);
        LogState before = await session.Stored.ReadStateAsync(Cancel);
        await session.ReopenAsync(Cancel);
        Assert.Equal(before, await session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(session.Lease, await session.Stored.ObserveLeaseAsync(Cancel));
        Assert.Equal("color=726564", Text(await session.Stored.ReadMetadataAsync(Cancel)));
        await session.CheckAsync(Cancel);
        await session.AppendAsync(2, Cancel);
        await session.CheckAsync(Cancel);
    }

    /// <summary>A position that no test's log reaches by itself.</summary>
    protected static Position AnotherPosition(ulong number) => new(new EventNumber(number), new Chain(SeededPayload.Of(number, Chain.Size)));

    /// <summary>What the store's own reading hands out: number, index, size of each fragment within its event's size.</summary>
    protected static async Task<IReadOnlyList<(ulong Number, int Index, long Size)>> ReadRawAsync(IStoredLog log, ulong from, ulong to)
    {
        List<(ulong, int, long)> fragments = [];
        (ulong number, long bytes) = (0, 0);
        await foreach (StoredFragment fragment in log.ReadAsync(new EventNumber(from), new EventNumber(to), Cancel))
        {
            if (fragment.Number.Value != number)
                (number, bytes) = (fragment.Number.Value, 0);
            else if (bytes >= fragment.Size)
                continue;
            bytes += fragment.Bytes.Length;
            fragments.Add((fragment.Number.Value, fragment.Index, fragment.Size));
        }
        return fragments;
    }

    private static string Text(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata) =>
        string.Join(' ', metadata.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={Convert.ToHexStringLower(pair.Value.Span)}"));
}
