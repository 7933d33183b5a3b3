using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Piers.LocalLogs;
using Xunit;

namespace Seguro.Tests.Node.Members;

public sealed class SharedLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("shared");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_stands_for_mastership_of_a_log_that_is_half_imported()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [MetadataKey.Import] = new ImportMark(IsComplete: false, new EventNumber(610)).ToBytes() };
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, metadata, Cancel), store.Capabilities);
        StoreTrouble trouble = new(TimeProvider.System, NullLogger.Instance);
        MemberInput answer = await new SharedLog(Options(log), static () => TimeSpan.Zero, trouble).CampaignAsync(new MemberOutput.Campaign(Lease.None, "m1@1", TimeSpan.FromSeconds(1)), Cancel);
        Assert.IsType<LeaseOutcome.Unknown>(Assert.IsType<MemberInput.Campaigned>(answer).Outcome);
        Assert.Contains("half imported", trouble.Current, StringComparison.Ordinal);
        Assert.Equal(Term.None, (await log.ReadStateAsync(Cancel)).Lease.Term);
    }

    [Fact]
    public async Task An_append_that_wrote_nothing_for_certain_keeps_its_name()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        await using EventLog log = new(
            await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities with { LargestEvent = 6 });
        Term term = Assert.IsType<LeaseOutcome.Done>(await log.Stored.CampaignAsync(Lease.None, "test", TimeSpan.FromSeconds(1), Cancel)).Lease.Term;
        StoreTrouble trouble = new(TimeProvider.System, NullLogger.Instance);
        SharedLog shared = new(Options(log), static () => TimeSpan.Zero, trouble);
        MemberInput answer = await shared.AppendAsync(new MemberOutput.AppendStore(term, Position.Origin, EventChain.After(Position.Origin, 1)), Cancel);

        AppendResult result = Assert.IsType<MemberInput.StoreAppended>(answer).Result;
        Assert.Contains("SG3006", Assert.IsType<WriteOutcome.Refused>(result.Outcome).Cause, StringComparison.Ordinal);
        Assert.Equal(Position.Origin, result.Reached);
        Assert.Contains("SG3006", trouble.Current, StringComparison.Ordinal);
        Assert.Equal(EventNumber.None, (await log.ReadStateAsync(Cancel)).Head.Number);
    }

    public void Dispose() => _folder.Dispose();

    private MemberHostOptions Options(EventLog log) => new()
    {
        Member = new MemberOptions { Name = "own", Candidate = "own@1", Members = ["own"] },
        Store = log,
        Pier = _folder["own/pier"],
        Ship = new OpaqueShip(_folder["ship"]),
        Send = static (_, _) => { },
        Release = static (_, _, _, _) => ValueTask.CompletedTask,
    };
}
