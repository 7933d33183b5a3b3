using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Piers.Transfer;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

/// <summary>A store that is itself a pier and was not written by Seguro: it has no chain for any event.</summary>
public sealed class PierImportLmdbTests : IDisposable
{
    private readonly TransferFixture _piers = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _piers.Dispose();

    [Fact]
    public async Task A_pier_goes_on_in_another_pier()
    {
        byte[][] events = TransferFixture.MakeEvents(40);
        string target = MakeClosed(events.Take(25));
        using Pier pier = _piers.MakePier(events);
        await using LmdbStore store = await OpenAsync(target);
        PierImportResult result = await TransferFixture.ImportAsync(pier, store, Cancel);
        Assert.Equal((15UL, 25UL), (result.Events, result.AlreadyThere));
        Assert.Equal(TransferFixture.ChainOf(events), result.Head);
        await using EventLog log = await PierImport.OpenLogAsync(pier, store, Cancel);
        Assert.True((await PierVerify.RunAsync(pier, log, null, TimeProvider.System, Cancel)).IsSame);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(25)]
    public async Task A_changed_byte_is_found_without_stored_chains(int number)
    {
        byte[][] events = TransferFixture.MakeEvents(25);
        string target = MakeClosed(events);
        events[number - 1] = [.. events[number - 1]];
        events[number - 1][4] ^= 8;
        using Pier pier = _piers.MakePier([.. events, .. TransferFixture.MakeEvents(3, 7)]);
        await using LmdbStore store = await OpenAsync(target);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => TransferFixture.ImportAsync(pier, store, Cancel));
        Assert.Equal(ErrorCode.Diverged, error.Code);
        Assert.Contains($"event {number}:", error.Message, StringComparison.Ordinal);
        await using EventLog log = await PierImport.OpenLogAsync(pier, store, Cancel);
        Assert.Equal(25UL, (await log.ReadStateAsync(Cancel)).Count);
    }

    private string MakeClosed(IEnumerable<byte[]> events)
    {
        using Pier pier = _piers.MakePier(events);
        return pier.Info.Path;
    }

    private static async Task<LmdbStore> OpenAsync(string path) =>
        await LmdbStore.OpenAsync(path, create: false, TimeProvider.System, Cancel);
}
