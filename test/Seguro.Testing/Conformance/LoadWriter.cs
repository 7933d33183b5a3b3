using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>A master under load that meets faults: it appends without end, repeats what is unknown, gives up what was refused.</summary>
/// <remarks>One task runs it; <see cref="ReachAsync"/> may be called from others.</remarks>
/// <param name="session">The log; its head follows.</param>
/// <param name="largest">The size of the largest payload, in bytes.</param>
public sealed class LoadWriter(LogSession session, int largest)
{
    // So many large ones at the most: a fault that takes long must not let the load fill a store that has a window.
    private const int MostLarge = 60;

    private readonly Lock _lock = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];
    private ulong _attempts;
    private int _large;
    private byte[][]? _pending;
    private bool _isUnknown;
    private Exception? _failure;

    /// <summary>What was tried and told.</summary>
    public AppendHistory History { get; } = new();

    /// <summary>The errors that were met, by code; <see cref="ErrorCode.OutcomeUnknown"/> stands for an unknown outcome.</summary>
    public Dictionary<ErrorCode, int> Errors { get; } = [];

    /// <summary>Appends until told to stop, and then until nothing is pending.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancel)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await StepAsync(cancel);
                await Task.Yield();
            }
            await SettleAsync(cancel);
        }
        catch (Exception e)
        {
            lock (_lock)
            {
                _failure = e; // for those who come later, too
                _waiting.ForEach(waiting => waiting.Reached.TrySetException(e));
            }
            throw;
        }
    }

    /// <summary>Repeats what is of unknown outcome until it is known.</summary>
    public async Task SettleAsync(CancellationToken cancel)
    {
        for (int i = 0; _pending is not null; i++)
        {
            Assert.True(i < 100, "the outcome of a write stays unknown");
            await StepAsync(cancel);
        }
    }

    /// <summary>Appends once more, or repeats what is of unknown outcome.</summary>
    public async Task StepAsync(CancellationToken cancel)
    {
        if (_pending is null)
        {
            _pending = NextPayloads();
            History.Attempt(session.Head.Number, _pending);
        }
        byte[][] pending = _pending;
        try
        {
            AppendResult result = await session.Log.AppendAsync(session.Term, session.Head, [.. pending.Select(static p => (ReadOnlyMemory<byte>)p)], cancel);
            switch (result.Outcome)
            {
                case WriteOutcome.Committed:
                    History.Acknowledge(session.Head.Number, pending);
                    session.Head = result.Reached;
                    _pending = null;
                    _isUnknown = false;
                    Wake();
                    break;
                case WriteOutcome.Unknown:
                    _isUnknown = true;
                    Count(ErrorCode.OutcomeUnknown);
                    break;
                default:
                    Assert.Fail($"the only writer of its term was told {result.Outcome}");
                    break;
            }
        }
        catch (SeguroException e)
        {
            Count(e.Code);
            if (_isUnknown)
                return;
            History.Fail(session.Head.Number, pending);
            _pending = null;
        }
    }

    /// <summary>Ends when this many events in all were acknowledged; with its failure where <see cref="RunAsync"/> has failed.</summary>
    public Task ReachAsync(int count, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_failure is not null)
                return Task.FromException(_failure);
            if (History.Acknowledged >= count)
                return Task.CompletedTask;
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task.WaitAsync(cancel);
        }
    }

    private byte[][] NextPayloads()
    {
        // Other bytes in each attempt, so that a refused one can be told from the one that took its number.
        ulong seed = ++_attempts * 1000;
        bool single = _attempts % 5 == 0 && _large < MostLarge;
        if (single)
            _large++;
        int count = single ? 1 : SeededPayload.Number(seed, 1, 6);
        return [.. Enumerable.Range(1, count).Select(i => SeededPayload.Of(seed + (ulong)i, single ? largest : 8 + SeededPayload.Number(seed + (ulong)i, 0, 300)))];
    }

    private void Wake()
    {
        lock (_lock)
        {
            int count = History.Acknowledged;
            _waiting.RemoveAll(waiting => waiting.Count <= count && waiting.Reached.TrySetResult());
        }
    }

    private void Count(ErrorCode code) => Errors[code] = Errors.GetValueOrDefault(code) + 1;
}
