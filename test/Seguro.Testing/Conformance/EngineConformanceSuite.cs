using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>What stores that live in the process that opens them must do, beyond <see cref="StoreConformanceSuite"/>: the process may be killed.</summary>
/// <param name="harness">The database.</param>
public abstract class EngineConformanceSuite(StoreHarness harness) : StoreConformanceSuite(harness)
{
    /// <inheritdoc/>
    protected override Faults Needs => Faults.FillDisk | Faults.FlipByte;

    /// <summary>How often the writing process is killed.</summary>
    protected virtual int Kills => 5;

    /// <summary>The URL by which another process opens the database while this one has it closed.</summary>
    protected virtual string WriterUrl => Harness.Url;

    [Fact(Timeout = Bound)]
    public Task No_acknowledged_event_is_lost_when_the_process_is_killed() => KillWhileWritingAsync(large: 0);

    [Fact(Timeout = Bound)]
    public async Task Large_events_are_whole_or_absent_when_the_process_is_killed()
    {
        int large;
        await using (IStore store = await Harness.OpenAsync(Cancel))
            large = (int)Math.Min(Math.Min(store.Capabilities.LargestEvent, 6L << 20), Math.Max(3L * store.Capabilities.LargestFragment, 1 << 20));
        await KillWhileWritingAsync(large);
    }

    private async Task KillWhileWritingAsync(int large)
    {
        Ship ship = ShipNames.Next();
        ulong seed = ShipNames.Seed;
        ulong acknowledged = 0;
        Term term = Term.None;
        for (int kill = 0; kill < Kills; kill++)
        {
            await using (WritingProcess writer = WritingProcess.Start(WriterUrl, ship, seed, large))
            {
                await writer.ReachAsync(1 + SeededPayload.Number(seed + (ulong)kill, 1, large > 0 ? 12 : 60), Cancel);
                await writer.KillAsync(Cancel);
                Assert.True(writer.Acknowledged >= acknowledged);
                acknowledged = writer.Acknowledged;
            }
            await using IStore store = await Harness.OpenAsync(Cancel);
            IStoredLog? stored = await store.OpenLogAsync(ship, Cancel);
            Assert.NotNull(stored);
            await using EventLog log = new(stored, store.Capabilities);
            LogState state = await log.ReadStateAsync(Cancel);
            Assert.True(state.Head.Number.Value >= acknowledged, $"event {acknowledged} was acknowledged and is lost: the head is {state.Head.Number}");
            Assert.Equal(term.Next, state.Lease.Term);
            term = state.Lease.Term;
            EventNumber next = new(1);
            await foreach (Event read in log.ReadAsync(state, next, state.Head.Number, Cancel))
            {
                Assert.Equal(next, read.Number);
                Assert.True(read.Payload.Span.SequenceEqual(WriterPayload.Of(seed, next.Value, large)), $"event {next} has other bytes than were appended");
                next = next.Next;
            }
            Assert.Equal(state.Head.Number.Next, next);
            acknowledged = state.Head.Number.Value;
        }
    }
}
