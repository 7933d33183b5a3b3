using CsCheck;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Store;

/// <summary>
/// A damaged log that is written to. Opening does not look at the leaves within, however long the log is: they are checked before they are read, and
/// before liblmdb, which trusts them, comes near.
/// </summary>
public sealed class LmdbDamageTests : IDisposable
{
    private const int Events = 400;
    private const int PageSize = 4096;
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("lmdb-damage");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Folder => _folder["pier"];

    private string Data => Path.Combine(PierFiles.LogOf(Folder), "0i0", "data.mdb");

    /// <remarks>Of the rows' table nothing else is read before a removal than what <see cref="EventReader.CheckLeaves"/> reads.</remarks>
    [Theory]
    [InlineData(PierMeta.Events)]
    [InlineData(LmdbRecords.Table)]
    public async Task A_damaged_inner_leaf_does_not_stop_appends_and_is_never_removed_by_liblmdb(string table)
    {
        Chain[] chains = await MakeAsync();
        Damage(LeafOf(table, 200));

        await using LmdbStore store = await OpenAsync();
        await using EventLog log = new(await store.OpenLogAsync(Zod, Cancel) ?? throw new InvalidOperationException("The log is gone."), store.Capabilities);
        LogState before = await log.ReadStateAsync(Cancel);
        Assert.Equal(new EventNumber(Events), before.Head.Number);
        Term term = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(before.Lease, "test", TimeSpan.FromSeconds(1), Cancel)).Lease.Term;
        Assert.True((await log.AppendAsync(term, before.Head.Position, [Payload(Events + 1)], Cancel)).IsCommitted);

        Assert.Equal(ErrorCode.Corrupt, (await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(log, 1, Events))).Code);
        Assert.Equal(ErrorCode.Corrupt, (await Assert.ThrowsAsync<SeguroException>(() => log.Stored.TrimAsync(term, new(300), Cancel).AsTask())).Code);
        Assert.Equal(ErrorCode.Corrupt, (await Assert.ThrowsAsync<SeguroException>(
            () => store.CutBackAsync(Zod, term, new Position(new(100), chains[100]), Cancel).AsTask())).Code);
        LogState after = await log.ReadStateAsync(Cancel);
        Assert.Equal((new EventNumber(1), new EventNumber(Events + 1)), (after.First, after.Head.Number));
        Assert.Equal(Events - 349, await ReadAsync(log, 350, Events));

        // What reads the whole pier finds it at once.
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<SeguroException>(() => Pier.Open(Folder, PierAccess.Live)).Code);
    }

    [Fact]
    public async Task Whatever_a_page_holds_it_is_refused_or_written_to_without_harm()
    {
        Chain[] chains = await MakeAsync();
        byte[] good = await File.ReadAllBytesAsync(Data, Cancel);
        await Gen.Select(Gen.Int[0, (good.Length / PageSize) - 1], Gen.Int[0, PageSize - 32], Gen.Byte.Array[1, 32], Gen.Int[2, Events], Gen.Int[1, Events]).SampleAsync(
            async (page, at, garbage, trimmed, cut) =>
            {
                byte[] bad = [.. good];
                garbage.CopyTo(bad, (page * PageSize) + at);
                await File.WriteAllBytesAsync(Data, bad, Cancel);
                await UseAsync(chains, trimmed, Math.Max(trimmed, cut));
            },
            iter: 150,
            threads: 1);
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Payload(int number)
    {
        byte[] bytes = new byte[200 + (number * 7919 % 1500) + (number % 25 == 0 ? 9000 : 0)];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    private static async Task<int> ReadAsync(EventLog log, int from, int to)
    {
        int read = 0;
        await foreach (Event one in log.ReadAsync(await log.ReadStateAsync(Cancel), new((ulong)from), new((ulong)to), Cancel))
        {
            Assert.Equal(Payload(from + read), one.Payload.ToArray());
            read++;
        }
        return read;
    }

    private async Task<LmdbStore> OpenAsync() => await LmdbStore.OpenAsync(Folder, create: true, TimeProvider.System, Cancel);

    /// <summary>Makes the log; returns its chains.</summary>
    private async Task<Chain[]> MakeAsync()
    {
        await using LmdbStore store = await OpenAsync();
        await using EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
        Term term = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromSeconds(1), Cancel)).Lease.Term;
        List<Position> positions = [Position.Origin];
        foreach (int[] group in Enumerable.Range(1, Events).Chunk(20))
        {
            AppendResult result = await log.AppendAsync(term, positions[^1], [.. group.Select(static number => (ReadOnlyMemory<byte>)Payload(number))], Cancel);
            Assert.True(result.IsCommitted);
            foreach (int number in group)
                positions.Add(await log.ReadPositionAsync(new((ulong)number), Cancel));
        }
        return [.. positions.Select(static position => position.Chain)];
    }

    /// <summary>Appends, trims and cuts back a log that is damaged somewhere; every error is a typed one.</summary>
    private async Task UseAsync(Chain[] chains, int trimmed, int cut)
    {
        try
        {
            await using LmdbStore store = await OpenAsync();
            if (await store.OpenLogAsync(Zod, Cancel) is not { } stored)
                return;
            await using EventLog log = new(stored, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            if (await log.Stored.CampaignAsync(state.Lease, "test", TimeSpan.FromSeconds(1), Cancel) is not LeaseOutcome.Done { Lease.Term: Term term })
                return;
            Position head = (await log.AppendAsync(term, state.Head.Position, [Payload(Events + 1), new byte[20_000]], Cancel)).Reached;
            await log.Stored.TrimAsync(term, new((ulong)trimmed), Cancel);
            await log.AppendAsync(term, head, [Payload(Events + 2)], Cancel);
            await store.CutBackAsync(Zod, term, new Position(new((ulong)cut), chains[cut]), Cancel);
            await log.AppendAsync(term, new Position(new((ulong)cut), chains[cut]), [new byte[20_000], .. Enumerable.Range(0, 30).Select(static _ => (ReadOnlyMemory<byte>)new byte[700])], Cancel);
        }
        catch (SeguroException found)
        {
            Assert.NotEmpty(found.NextStep);
            Assert.True(found.Code is ErrorCode.Corrupt or ErrorCode.NewerSchema or ErrorCode.NotAPier or ErrorCode.Gap or ErrorCode.BadEvent or ErrorCode.Diverged, $"{found.Code}: {found.Message}");
        }
    }

    /// <summary>The page of the leaf with a number, found by the reader.</summary>
    private ulong LeafOf(string table, ulong number)
    {
        using LmdbFile file = LmdbFile.Open(Data);
        LmdbPage page = new(file);
        LmdbTree tree = LmdbTree.Open(file, file.ReadSnapshot(), table, page) ?? throw new InvalidOperationException($"There is no table {table}.");
        Assert.True(tree.FindExactly(number, page) >= 0);
        return page.Number;
    }

    /// <summary>Makes the bounds of a page senseless.</summary>
    private void Damage(ulong page)
    {
        using FileStream file = new(Data, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = ((long)page * PageSize) + 12;
        file.Write([0xFF, 0xFF]);
    }
}
