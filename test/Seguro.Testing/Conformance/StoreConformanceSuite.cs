using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>
/// What every store must do. A store's test class inherits one of the suites made of this, <see cref="EngineConformanceSuite"/> for stores that
/// live in the process that opens them and <see cref="ServerConformanceSuite"/> for stores behind servers, and names its harness:
/// <code>public sealed class SqliteTests(SqliteHarness harness) : EngineConformanceSuite(harness), IClassFixture&lt;SqliteHarness&gt;;</code>
/// </summary>
/// <param name="harness">The database, shared by the class; each test uses a ship of its own.</param>
public abstract partial class StoreConformanceSuite(StoreHarness harness)
{
    /// <summary>The longest that a fact may take, in milliseconds: only against hanging.</summary>
    protected const int Bound = 600_000;

    private const int MiB = 1 << 20;

    /// <summary>The database.</summary>
    protected StoreHarness Harness { get; } = harness;

    /// <summary>The size of the largest event that is really written, in bytes.</summary>
    protected virtual int LargeEvent => 256 * MiB;

    /// <summary>How many small events the long log has.</summary>
    protected virtual int ManyEvents => 100_000;

    /// <summary>How many random sequences of operations are compared with the model.</summary>
    protected virtual int ModelSequences => 50;

    /// <summary>How many new stores are made by several at once.</summary>
    protected virtual int NewStores => 12;

    /// <summary>Faults that the store's kind should be given but can't be here, each with the reason: shown as skipped, never silent.</summary>
    protected virtual IReadOnlyDictionary<Faults, string> Excused { get; } = new Dictionary<Faults, string>();

    /// <summary>The faults that every store of this kind must be given.</summary>
    protected abstract Faults Needs { get; }

    /// <summary>Ends with the test.</summary>
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = Bound)]
    public async Task The_harness_makes_every_fault_that_its_kind_needs()
    {
        await using IStore store = await Harness.OpenAsync(Cancel);
        foreach (Faults fault in Enum.GetValues<Faults>().Where(fault => fault is not Faults.None && Needs.HasFlag(fault)))
            Assert.True(Harness.Supports.HasFlag(fault) || Excused.ContainsKey(fault), $"{store.Capabilities.Engine} needs a harness that makes the fault {fault}");
        Assert.True(
            !store.Capabilities.IsReplicated || this is ServerConformanceSuite,
            $"{store.Capabilities.Engine} says that it is replicated and must pass {nameof(ServerConformanceSuite)}");
    }

    [Fact(Timeout = Bound)]
    public async Task Capabilities_make_sense()
    {
        await using IStore store = await Harness.OpenAsync(Cancel);
        StoreCapabilities can = store.Capabilities;
        Assert.NotEmpty(can.Engine);
        Assert.NotEmpty(can.CommitMeans);
        Assert.InRange(can.LargestFragment, 1, int.MaxValue);
        Assert.True(can.LargestTransaction >= can.LargestFragment, "a transaction must hold a fragment");
        Assert.True(can.LargestEvent >= can.LargestFragment, "an event must hold a fragment");
        Assert.InRange(can.LargestGroup, 1, int.MaxValue);
        Assert.True(can.DurableCopies >= 1);
        Assert.True(can.Window is null || can.Window >= can.LargestEvent, "a window must hold the largest event");
        Assert.All(can.Warnings, static warning => Assert.EndsWith(".", warning, StringComparison.Ordinal));
        long? room = await store.ReadRoomAsync(Cancel);
        Assert.Equal(can.Window is null, room is null);
        Assert.True(room is null || (room >= 0 && room <= can.Window));
    }

    /// <summary>Makes sure that the harness can make a fault; skips, with the reason, where it is excused.</summary>
    protected void Require(Faults fault)
    {
        if (Harness.Supports.HasFlag(fault))
            return;
        if (Excused.TryGetValue(fault, out string? reason) && Environment.GetEnvironmentVariable("CI") is null)
            Assert.Skip(reason);
        Assert.Fail($"the harness does not make the fault {fault}");
    }

    /// <summary>Skips, with the reason, where no event is ever cut: what is never staged need not be stageable.</summary>
    protected static void RequireStaging(LogSession session)
    {
        StoreCapabilities can = session.Store.Capabilities;
        if (can.LargestEvent <= can.LargestFragment)
            Assert.Skip($"every event fits into one value of {can.Engine}: nothing is ever staged");
    }

    /// <summary>A log of a fresh ship, with a master.</summary>
    protected Task<LogSession> BeginAsync(Position origin = default) => LogSession.BeginAsync(Harness, Cancel, origin);
}
