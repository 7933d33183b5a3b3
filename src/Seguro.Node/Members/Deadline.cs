namespace Seguro.Node.Members;

/// <summary>A token that is cancelled when another is, or when a time is over.</summary>
sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _both;

    public Deadline(TimeProvider time, TimeSpan patience, CancellationToken cancel)
    {
        _timer = new CancellationTokenSource(patience, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(cancel, _timer.Token);
    }

    public CancellationToken Token => _both.Token;

    public void Dispose()
    {
        _both.Dispose();
        _timer.Dispose();
    }
}
