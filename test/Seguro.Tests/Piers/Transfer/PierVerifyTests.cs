using System.Security.Cryptography;
using CsCheck;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

public sealed class PierVerifyTests : IDisposable
{
    private readonly TransferFixture _piers = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _piers.Dispose();

    [Theory]
    [InlineData(20, 20, 0, 0)]
    [InlineData(20, 13, 7, 0)]
    [InlineData(13, 20, 0, 7)]
    public async Task Same_events_are_the_same_whoever_is_ahead(int inPier, int inStore, int pierAhead, int storeAhead)
    {
        byte[][] events = TransferFixture.MakeEvents(20);
        using Pier pier = _piers.MakePier(events.Take(inPier));
        PierVerifyResult result = await VerifyAsync(pier, events.Take(inStore));
        Assert.True(result.IsSame);
        Assert.Equal(13UL, Math.Min(result.Compared, 13));
        Assert.Equal((ulong)Math.Min(inPier, inStore), result.Compared);
        Assert.Equal(((ulong)pierAhead, (ulong)storeAhead), (result.PierAhead, result.StoreAhead));
    }

    [Fact]
    public async Task The_first_difference_is_named_with_sizes_place_and_hashes() =>
        await Gen.Select(Gen.Int[1, 20], Gen.Int[0, 19], Gen.Int[0, 1000], Gen.Int[-4, 4], Gen.Int[1, 30]).SampleAsync(
            async (count, place, at, longer, fragment) =>
            {
                byte[][] events = TransferFixture.MakeEvents(count, seed: at);
                int index = place % count;
                byte[] changed = new byte[Math.Max(5, events[index].Length + longer)];
                events[index].AsSpan(0, Math.Min(changed.Length, events[index].Length)).CopyTo(changed);
                int offset = at % changed.Length;
                if (changed.Length == events[index].Length)
                {
                    changed[offset] ^= 1;
                    changed[^1] ^= 2; // a later byte is not the first
                }
                else
                    offset = Math.Min(changed.Length, events[index].Length);
                byte[][] others = [.. events];
                others[index] = changed;
                if (index + 1 < count)
                    others[index + 1] = [1, 2, 3, 4, 5]; // a second difference is not what is asked for
                using Pier pier = _piers.MakePier(events);
                PierVerifyResult result = await VerifyAsync(pier, others, new ModelOptions { LargestFragment = fragment });
                Assert.False(result.IsSame);
                Assert.Equal(
                    new EventDifference(new EventNumber((ulong)index + 1), events[index].Length, changed.Length, offset, Hash(events[index]), Hash(changed)),
                    result.Difference);
            },
            iter: 40,
            threads: 1);

    [Fact]
    public async Task A_damaged_store_is_corrupt_and_not_different()
    {
        using Pier pier = _piers.MakePier(TransferFixture.MakeEvents(10));
        ModelStore store = new();
        await TransferFixture.ImportAsync(pier, store, Cancel);
        await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        store.Database.Damage(log.Ship, static events => events[7][0][2] ^= 1);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => PierVerify.RunAsync(pier, log, null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains("event 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_shared_is_not_the_same()
    {
        byte[][] events = TransferFixture.MakeEvents(20);
        using Pier pier = _piers.MakePier(events.Skip(10), baseNumber: 10);
        using Pier whole = _piers.MakePier(events.Take(8));
        ModelStore store = new();
        await TransferFixture.ImportAsync(whole, store, Cancel);
        await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        PierVerifyResult result = await PierVerify.RunAsync(pier, log, null, TimeProvider.System, Cancel);
        Assert.Equal(0UL, result.Compared);
        Assert.Null(result.Difference);
        Assert.False(result.IsSame);
    }

    private static string Hash(byte[] payload) => Convert.ToHexStringLower(SHA256.HashData(payload));

    private static async Task<PierVerifyResult> VerifyAsync(Pier pier, IEnumerable<byte[]> inStore, ModelOptions? options = null)
    {
        ModelStore store = new(options);
        await using EventLog log = await TransferFixture.OpenLogAsync(pier, store, Cancel);
        Term term = await TransferFixture.CampaignAsync(log, Cancel);
        Assert.True((await log.AppendAsync(term, Position.Origin, [.. inStore.Select(static payload => (ReadOnlyMemory<byte>)payload)], Cancel)).IsCommitted);
        return await PierVerify.RunAsync(pier, log, null, TimeProvider.System, Cancel);
    }
}
