using Seguro.Core;
using Seguro.Vere.Mirror;

namespace Seguro.Tests.Vere.Mirror;

/// <summary>A mirror that follows beside a test.</summary>
sealed class FollowingMirror : IAsyncDisposable
{
    private readonly PierMirror _mirror;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private bool _isDisposed;

    public FollowingMirror(PierMirror mirror)
    {
        _mirror = mirror;
        _running = Task.Run(() => mirror.RunAsync(_stop.Token), CancellationToken.None);
    }

    public MirrorStatus Status => _mirror.Status;

    /// <summary>Waits until the store has an event.</summary>
    public Task ReachAsync(ulong number) => MirrorBed.UntilAsync(
        () => _running.IsCompleted ? throw new InvalidOperationException("the mirror ended", _running.Exception) : Status.Head.Value >= number,
        $"event {number} in the store; status {Status}");

    /// <summary>Waits until it ends by itself, and gives the error.</summary>
    public async Task<SeguroException> FailsAsync(ErrorCode code)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => _running.WaitAsync(TimeSpan.FromSeconds(30), MirrorBed.Cancel));
        Assert.True(error.Code == code, $"{error.CodeText}, not {code}: {error.Message}");
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _mirror.DisposeAsync();
        _stop.Dispose();
    }
}
