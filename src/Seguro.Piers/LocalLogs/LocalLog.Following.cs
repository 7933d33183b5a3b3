using Seguro.Core;
using Seguro.Piers.Store;

namespace Seguro.Piers.LocalLogs;

/// <content>
/// Another process writes this log, and the very events that it is told to: a worker that computes them. The log here follows, knows each chain, and takes the pier back where that process
/// fails.
/// </content>
public sealed partial class LocalLog
{
    private PierWriting? _writer;
    private FollowedLog? _followed;

    /// <summary>Lets somebody write in this log's name.</summary>
    /// <param name="events">The events, which follow the log's end.</param>
    /// <returns>True where all of them are durable in the pier, byte for byte. If not, who wrote is gone, and the pier may hold anything above.</returns>
    public delegate ValueTask<bool> PierWriting(IReadOnlyList<Event> events);

    /// <summary>Events whose chains are kept in memory, 32 bytes each: those that were written since <see cref="FollowAsync"/>.</summary>
    public int Followed => _followed?.Count ?? 0;

    /// <summary>Who has the pier, which is lent, writes from now on what is appended. Ends by <see cref="ReclaimAsync"/>, by another <see cref="LendAsync"/>, or by the writer's failure.</summary>
    public async Task FollowAsync(PierWriting writer)
    {
        try
        {
            LogState state = _state.Value;
            await ChangeAsync(async () =>
            {
                LmdbStore store = await LmdbStore.OpenAsync(_path, create: false, readOnly: true, EvidenceKinds.None, _time, CancellationToken.None);
                _followed = new FollowedLog(await OpenAsync(store), state);
                return (store, new EventLog(_followed, store.Capabilities), _lease, state);
            }, CancellationToken.None);
            _writer = writer;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Takes the pier back from who wrote for this log and is gone. Nothing where nobody did.</summary>
    /// <exception cref="SeguroException">As <see cref="TakeBackAsync"/>.</exception>
    public async Task ReclaimAsync()
    {
        using Turn turn = await WriteAsync(CancellationToken.None);
        if (_writer is not null)
            await HoldAgainAsync();
    }

    /// <summary>The writer is gone: what it wrote and should not have goes to quarantine, and what it did not write is left to append.</summary>
    /// <returns>How many of the events are in the log.</returns>
    private async ValueTask<int> TakeOverAsync(IReadOnlyList<Event> events)
    {
        Position before = Head;
        await HoldAgainAsync();
        int kept = 0;
        while (kept < events.Count && await FindChainAsync(events[kept].Number, CancellationToken.None) == events[kept].Chain)
            kept++;
        Position last = kept > 0 ? new Position(events[kept - 1].Number, events[kept - 1].Chain) : before;
        if (Head != last)
        {
            string[] facts =
            [
                "the replica's own worker wrote events that are not the log's; they were moved here",
                $"the log's event {last.Number.Next} is in the pier in their place",
            ];
            await MoveAsideAsync(last, facts, CancellationToken.None);
        }
        return kept;
    }
}
