using System.Threading.Channels;
using Seguro.Core;

namespace Seguro.Benchmarks;

/// <summary>
/// One writer for many producers: one commit is under way at a time, and the next takes what gathered meanwhile, within the bounds that a member's master keeps
/// (<see cref="MemberOptions.MaxGroup"/>, <see cref="MemberOptions.MaxGroupBytes"/>); or one event only, for a client that does not group.
/// </summary>
internal sealed class CommitQueue : IInFlight
{
    private static readonly MemberOptions Bounds = new() { Name = "bench", Candidate = "bench@", Members = [] };

    private readonly Contestant _contestant;
    private readonly int _largestGroup;
    private readonly Channel<(ReadOnlyMemory<byte> Payload, TaskCompletionSource Done)> _waiting =
        Channel.CreateUnbounded<(ReadOnlyMemory<byte>, TaskCompletionSource)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writer;
    private long _commits;
    private volatile bool _isDropping;

    /// <summary>Begins to wait for events.</summary>
    /// <param name="contestant">Who commits; not owned.</param>
    /// <param name="isGrouping">Whether a commit takes all that gathered.</param>
    /// <param name="cancel">Fails the commit that is under way, and those that come.</param>
    public CommitQueue(Contestant contestant, bool isGrouping, CancellationToken cancel)
    {
        _contestant = contestant;
        _largestGroup = isGrouping ? Bounds.MaxGroup : 1;
        _writer = Task.Run(() => WriteAsync(cancel), CancellationToken.None);
    }

    public Contestant Contestant => _contestant;

    public long Commits => Volatile.Read(ref _commits);

    public Task AppendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _waiting.Writer.TryWrite((payload, done)) ? done.Task : throw new InvalidOperationException("The queue was closed.");
    }

    public void Drop() => _isDropping = true;

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writer;
    }

    private async Task WriteAsync(CancellationToken cancel)
    {
        List<ReadOnlyMemory<byte>> group = [];
        List<TaskCompletionSource> producers = [];
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            long bytes = 0;
            while (group.Count < _largestGroup && bytes < Bounds.MaxGroupBytes && _waiting.Reader.TryRead(out (ReadOnlyMemory<byte> Payload, TaskCompletionSource Done) next))
            {
                if (_isDropping)
                {
                    next.Done.SetCanceled(CancellationToken.None);
                    continue;
                }
                group.Add(next.Payload);
                producers.Add(next.Done);
                bytes += next.Payload.Length;
            }
            if (group.Count == 0)
                continue;
            try
            {
                await _contestant.CommitAsync([.. group], cancel);
                Interlocked.Increment(ref _commits);
                foreach (TaskCompletionSource producer in producers)
                    producer.SetResult();
            }
            catch (Exception failed)
            {
                foreach (TaskCompletionSource producer in producers)
                    producer.SetException(failed);
            }
            group.Clear();
            producers.Clear();
        }
    }
}
