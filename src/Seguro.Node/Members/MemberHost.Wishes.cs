using System.Collections.Concurrent;
using Seguro.Core;

namespace Seguro.Node.Members;

public sealed partial class MemberHost
{
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource> _wishes = new();
    private ulong _lastWish;

    /// <summary>Asks the ship something that changes nothing, when it has time.</summary>
    /// <exception cref="OperationCanceledException">The member ends.</exception>
    public Task<T> AskShipAsync<T>(Func<T> ask) => _running.DoAsync(() => _ship.AskAsync(ask, _stopping));

    /// <summary>Puts back into the store what it lost, from the local log (<see cref="LostEvents.PutBackAsync"/>).</summary>
    public Task<Position> PutBackAsync(CancellationToken cancel) => _running.DoAsync(() => LostEvents.PutBackAsync(_options.Store, _local, _status, cancel));

    /// <summary>Gives up what the store lost (<see cref="LostEvents.AcceptAsync"/>).</summary>
    public Task<Term> AcceptLossAsync(CancellationToken cancel) => _running.DoAsync(() => LostEvents.AcceptAsync(_options.Store, _status, cancel));

    /// <summary>Asks for a change of the cluster; returns when it is in force.</summary>
    /// <param name="wish">The change.</param>
    /// <param name="cancel">Ends the waiting, not the change.</param>
    /// <exception cref="SeguroException">It is not in force and will not be, or the member that was asked can't know any more (<see cref="ErrorCode.OutcomeUnknown"/>).</exception>
    /// <exception cref="OperationCanceledException">The waiting was ended; the change may still come.</exception>
    public async Task AskAsync(Wish wish, CancellationToken cancel)
    {
        ulong number = Interlocked.Increment(ref _lastWish);
        TaskCompletionSource answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _wishes[number] = answer;
        try
        {
            Post(new MemberInput.Wished(number, wish));
            using CancellationTokenRegistration ended = _stopping.Register(() => answer.TrySetException(
                new SeguroException(ErrorCode.OutcomeUnknown, $"{_options.Member.Name} ends, and whether the change was made is not known", "Look at `seguro status`, and repeat the command where it is not in force.")));
            await answer.Task.WaitAsync(cancel);
        }
        finally
        {
            _wishes.TryRemove(number, out _);
        }
    }

    private void Answer(MemberOutput.Answer answer)
    {
        if (!_wishes.TryGetValue(answer.Number, out TaskCompletionSource? wish))
            return;
        State(); // who asked sees what it asked for
        if (answer.Refusal is { } refusal)
            wish.TrySetException(refusal);
        else
            wish.TrySetResult();
    }
}
