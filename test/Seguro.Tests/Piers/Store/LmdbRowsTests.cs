using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Store;

/// <summary>Where the chains of events are kept: the newest beside the tables, the others in a table; and how a log of the first version becomes one of the second.</summary>
public sealed class LmdbRowsTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("rows");
    private readonly List<Position> _positions = [Position.Origin];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;


    private string Epoch => Path.Combine(PierFiles.LogOf(_folder["pier"]), "0i0");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_chain_is_found_whatever_was_appended_cut_back_or_trimmed(int seed)
    {
        Random random = new(seed);
        ulong first = 1;
        for (int opening = 0; opening < 4; opening++)
        {
            await using LmdbStore store = await OpenAsync();
            await using EventLog log = await LogAsync(store);
            Term term = await CampaignAsync(log);
            for (int step = 0; step < 25; step++)
            {
                switch (random.Next(10))
                {
                    case 0:
                        int last = random.Next((int)first - 1, _positions.Count);
                        Assert.IsType<WriteOutcome.Committed>(await store.CutBackAsync(Zod, term, _positions[last], Cancel));
                        _positions.RemoveRange(last + 1, _positions.Count - last - 1);
                        break;
                    case 1:
                        first = (ulong)random.Next((int)first, _positions.Count + 1);
                        Assert.IsType<WriteOutcome.Committed>(await log.Stored.TrimAsync(term, new(first), Cancel));
                        break;
                    default:
                        await AppendAsync(log, term, random.Next(4) == 0 ? random.Next(30, 100) : random.Next(1, 6));
                        break;
                }
                if (step % 5 == 0)
                    await CheckAsync(log, first);
            }
            await CheckAsync(log, first);
        }
    }

    [Fact]
    public async Task An_append_writes_its_row_beside_the_tables()
    {
        await using LmdbStore store = await OpenAsync();
        await using EventLog log = await LogAsync(store);
        Term term = await CampaignAsync(log);
        for (int n = 0; n < 40; n++)
            await AppendAsync(log, term, 1);
        Assert.Equal((0, 40), (RowsInTable(), 41 - (int)ReadTail().First));
        await AppendAsync(log, term, 1);
        Assert.Equal((41, 0), (RowsInTable(), 42 - (int)ReadTail().First));
        await AppendAsync(log, term, 2);
        Assert.Equal((41, 2), (RowsInTable(), 44 - (int)ReadTail().First));
        await CheckAsync(log, 1);
    }

    [Fact]
    public async Task A_log_of_the_first_version_is_read_and_becomes_one_of_the_second_by_the_first_write()
    {
        LogState before;
        await using (LmdbStore store = await OpenAsync())
        await using (EventLog log = await LogAsync(store))
        {
            await AppendAsync(log, await CampaignAsync(log), 30);
            before = await log.ReadStateAsync(Cancel);
        }
        MakeOld();
        await using LmdbStore again = await OpenAsync();
        await using EventLog reopened = await LogAsync(again);
        Assert.Equal(before, await reopened.ReadStateAsync(Cancel));
        await CheckAsync(reopened, 1);
        Assert.Equal("1", ReadSchema());
        Term term = await CampaignAsync(reopened);
        Assert.Equal("2", ReadSchema());
        await AppendAsync(reopened, term, 3);
        await CheckAsync(reopened, 1);
        Assert.Equal((30, 3), (RowsInTable(), 34 - (int)ReadTail().First));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<LmdbStore> OpenAsync() => await LmdbStore.OpenAsync(_folder["pier"], create: true, TimeProvider.System, Cancel);

    private static async Task<EventLog> LogAsync(LmdbStore store) =>
        new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);

    private static async Task<Term> CampaignAsync(EventLog log)
    {
        Lease now = (await log.ReadStateAsync(Cancel)).Lease;
        return Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(now, $"test {now.Term.Next}", TimeSpan.FromSeconds(5), Cancel)).Lease.Term;
    }

    private async Task AppendAsync(EventLog log, Term term, int count)
    {
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[count];
        Position last = _positions[^1];
        for (int i = 0; i < count; i++)
        {
            byte[] payload = WriterPayload.Of((ulong)term.Value, last.Number.Value + 1, 0);
            last = new Position(last.Number.Next, ChainHasher.Of(last.Chain, last.Number.Next, payload));
            _positions.Add(last);
            payloads[i] = payload;
        }
        AppendResult result = await log.AppendAsync(term, _positions[^(count + 1)], payloads, Cancel);
        Assert.Equal((true, last), (result.IsCommitted, result.Reached));
    }

    /// <summary>As the writer's own process reads it, and as the files alone say.</summary>
    private async Task CheckAsync(EventLog log, ulong first)
    {
        LogState state = await log.ReadStateAsync(Cancel);
        Assert.Equal((_positions[^1], first), (state.Head.Position, state.First.Value));
        using LmdbView view = LmdbView.Open(_folder["pier"], isLive: true);
        Assert.Equal(state, view.ReadState());
        LmdbRows rows = view.NewRows();
        for (ulong number = first; number < (ulong)_positions.Count; number++)
        {
            Assert.Equal(_positions[(int)number].Chain, await log.Stored.ReadChainAsync(new(number), Cancel));
            Assert.Equal(_positions[(int)number].Chain, rows.ChainOf(new(number)));
        }
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            Assert.Equal(_positions[(int)read.Number.Value].Chain, read.Chain);
    }

    private LmdbTail ReadTail()
    {
        using LmdbView view = LmdbView.Open(_folder["pier"], isLive: true);
        return Assert.IsType<LmdbTail>(view.ReadTail());
    }

    private int RowsInTable()
    {
        using PierEpoch epoch = PierEpoch.OpenFlat(Epoch);
        return epoch.NewReader(LmdbRecords.Table).FindEnds() is { } ends ? (int)(ends.Last - ends.First) + 1 : 0;
    }

    private string? ReadSchema()
    {
        using PierEpoch epoch = PierEpoch.OpenFlat(Epoch);
        return epoch.ReadMeta(LmdbRecords.Schema) is { } schema ? System.Text.Encoding.ASCII.GetString(schema) : null;
    }

    /// <summary>Makes of a log of 30 events what the first version wrote: all rows in the table, the head in META.</summary>
    private void MakeOld()
    {
        LmdbTail tail = ReadTail();
        using LmdbEnvironment environment = LmdbEnvironment.Open(Epoch, isAside: true);
        using LmdbTransaction transaction = environment.Begin();
        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
        tail.MoveRows(transaction, transaction.Table(LmdbRecords.Table, integerKeys: true));
        transaction.Put(meta, LmdbRecords.OldHead, tail.Span);
        transaction.Put(meta, LmdbRecords.Schema, "1"u8);
        Assert.True(transaction.Delete(transaction.MainTable(), LmdbTail.Name));
        transaction.Commit();
    }
}
