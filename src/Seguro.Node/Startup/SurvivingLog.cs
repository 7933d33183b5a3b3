using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Piers.LocalLogs;
using Seguro.Stores;

namespace Seguro.Node.Startup;

/// <summary>A member's local log, read and verified while no member runs: what a cluster can be built of that lost its database.</summary>
public sealed class SurvivingLog : IAsyncDisposable
{
    private readonly IStore? _store;

    private SurvivingLog(string folder, IStore? store, EventLog? log)
    {
        Folder = folder;
        Record = ReadRecord(folder);
        _store = store;
        Log = log;
    }

    /// <summary>The member's folder.</summary>
    public string Folder { get; }

    /// <summary>The log; <see langword="null"/> where it can't be opened.</summary>
    public EventLog? Log { get; }

    /// <summary>What its member knew of masterships; <see langword="null"/> where that was not recorded.</summary>
    public Evidence? Record { get; }

    /// <summary>What it says of itself.</summary>
    public LogState? State { get; private set; }

    /// <summary>Where a window of the newest events begins: the position before it.</summary>
    public Position WindowStart { get; private set; }

    /// <summary>Why it can't be used; <see langword="null"/> where every byte matches its chain.</summary>
    public string? Problem { get; private set; }

    /// <summary>Opens a member's log, and reads it from end to end.</summary>
    /// <param name="folder">The member's folder, with the pier in it.</param>
    /// <param name="ship">Whose it must be.</param>
    /// <param name="window">How many payload bytes of the newest events the new database may be given.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static async Task<SurvivingLog> ExamineAsync(string folder, Ship ship, long window, CancellationToken cancel)
    {
        IStore? store = null;
        EventLog? log = null;
        SurvivingLog? found = null;
        try
        {
            store = await StoreConnection.OpenAsync(StoreUrl.Parse("lmdb:" + Path.Combine(folder, "pier")), new StoreOptions(), cancel);
            log = await store.OpenLogAsync(ship, cancel) is { } stored ? new EventLog(stored, store.Capabilities) : null;
            found = new SurvivingLog(folder, store, log);
            if (log is null)
                found.Problem = $"it has no log of {ship}";
            else
                await found.VerifyAsync(log, window, cancel);
        }
        catch (SeguroException error)
        {
            // What was found out before counts: at which event the log says that it ends.
            found ??= new SurvivingLog(folder, store, log);
            found.Problem = error.Message;
        }
        return found;
    }

    /// <summary>Its end, where it was verified.</summary>
    public Position? Head => Problem is null ? State?.Head.Position : null;

    /// <summary>The number of the event at which it ends, verified or not; 0 where that is not known.</summary>
    public ulong Claims => State?.Head.Number.Value ?? 0;

    /// <summary>
    /// The last event up to which this log and another are the same; the end of the shorter one where that is the beginning of the other.
    /// <see langword="null"/> where there is none.
    /// </summary>
    public async Task<EventNumber?> FindCommonAsync(SurvivingLog other, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Head is not { } mine || other.Head is not { } theirs)
            return null;
        EventNumber lower = State!.Value.Base.Number > other.State!.Value.Base.Number ? State.Value.Base.Number : other.State.Value.Base.Number;
        EventNumber upper = mine.Number < theirs.Number ? mine.Number : theirs.Number;
        return upper < lower ? null : await LogFork.FindAsync(
            lower, upper, async (number, token) => await PositionAsync(number, token) == await other.PositionAsync(number, token), cancel);
    }

    private async ValueTask<Position> PositionAsync(EventNumber number, CancellationToken cancel) =>
        number == State!.Value.Base.Number ? State.Value.Base : await Log!.ReadPositionAsync(number, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Log is not null)
            await Log.DisposeAsync();
        if (_store is not null)
            await _store.DisposeAsync();
    }

    private static Evidence? ReadRecord(string folder)
    {
        try
        {
            return EvidenceFile.Read(folder);
        }
        catch (SeguroException error) when (error.Code is ErrorCode.Corrupt)
        {
            return null; // it tells nothing; the log may
        }
    }

    private async Task VerifyAsync(EventLog log, long window, CancellationToken cancel)
    {
        const int MostEvents = 100_000;
        LogState state = await log.ReadStateAsync(cancel);
        State = state;
        WindowStart = state.Base;
        Position reached = state.Base;
        Queue<(Position End, long Size)> newest = new();
        long bytes = 0;
        long size = 0;
        if (!state.IsEmpty)
        {
            await foreach (EventFragment piece in log.StreamAsync(state, state.First, state.Head.Number, cancel))
            {
                size += piece.Bytes.Length;
                if (!piece.IsLast)
                    continue;
                reached = new Position(piece.Number, piece.Chain);
                newest.Enqueue((reached, size));
                bytes += size;
                size = 0;
                while (newest.Count > MostEvents || (bytes > window && newest.Count > 1))
                {
                    (WindowStart, long gone) = newest.Dequeue();
                    bytes -= gone;
                }
            }
        }
        if (reached != state.Head.Position)
            Problem = $"it ends at {reached}, and says that it ends at {state.Head.Position}";
    }
}
