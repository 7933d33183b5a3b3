using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    /// <summary>What a full disk may look like: the store's own error, or where the server dies of it, that it can't be reached.</summary>
    protected virtual IReadOnlySet<ErrorCode> FullDiskErrors { get; } = new HashSet<ErrorCode> { ErrorCode.DiskFull };

    [Fact(Timeout = Bound)]
    public async Task A_full_disk_is_a_clear_error_and_leaves_the_log_whole()
    {
        Require(Faults.FillDisk);
        await using LogSession session = await BeginAsync();
        int size = (int)Math.Min(MiB, session.Store.Capabilities.LargestEvent);
        LoadWriter writer = new(session, size);
        for (int i = 0; i < 5; i++)
            await writer.StepAsync(Cancel);
        await using (await Harness.FillDiskAsync(Cancel))
        {
            for (int i = 0; writer.Errors.Count == 0; i++)
            {
                Assert.True(i < 2000, "the disk is never full");
                await writer.StepAsync(Cancel);
            }
            await writer.StepAsync(Cancel);
            Assert.All(writer.Errors.Keys, code => Assert.True(FullDiskErrors.Contains(code) || code is ErrorCode.OutcomeUnknown, $"a full disk showed as {code}"));
        }
        int before = writer.History.Acknowledged;
        for (int i = 0; writer.History.Acknowledged == before; i++)
        {
            Assert.True(i < 20, "the store does not write again when there is room again");
            await writer.StepAsync(Cancel);
        }
        await writer.SettleAsync(Cancel);
        await writer.History.CheckAsync(session.Log, Cancel);
        await session.ReopenAsync(Cancel);
        await writer.History.CheckAsync(session.Log, Cancel);
        Assert.Equal(session.Head, (await session.Stored.ReadStateAsync(Cancel)).Head.Position);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, session.Head.Number.Next, Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task A_flipped_byte_is_found_and_not_passed_on()
    {
        Require(Faults.FlipByte);
        byte[] hurt = SeededPayload.Of(ShipNames.Seed, 600);
        LogSession session = await BeginAsync();
        Ship ship = session.Ship;
        await using (session)
        {
            await session.AppendAsync(6, Cancel);
            await session.AppendAsync([hurt], Cancel);
            await session.AppendAsync(6, Cancel);
        }
        await using IAsyncDisposable damage = await Harness.FlipByteAsync(hurt.AsMemory(200, 32), Cancel);
        SeguroException found = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await using IStore store = await Harness.OpenAsync(Cancel);
            await using IStoredLog? stored = await store.OpenLogAsync(ship, Cancel);
            Assert.NotNull(stored);
            await using EventLog log = new(stored, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
                Assert.True(read.Payload.Span.SequenceEqual(session.Payloads[(int)read.Number.Value - 1]), $"event {read.Number} is wrong and was passed on");
        });
        Assert.Equal(ErrorCode.Corrupt, found.Code);
    }
}
