namespace Seguro.Node.Ships;

/// <summary>Lets only so many members of a node start at a time: each reads its log and restores its ship. For any thread.</summary>
/// <remarks>One that takes long gives up its place, and goes on: it may be waiting for somebody who does not come.</remarks>
/// <param name="most">How many.</param>
/// <param name="longest">How long one keeps its place.</param>
/// <param name="time">The clock.</param>
sealed class StartGate(int most, TimeSpan longest, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(most, most);

    /// <summary>For a machine: two for each of its processors.</summary>
    public static StartGate OfMachine() => new(2 * Environment.ProcessorCount, TimeSpan.FromSeconds(5), TimeProvider.System);

    /// <summary>Waits for a place, and starts; returns when it has started.</summary>
    public async Task StartAsync(Func<Task> start, CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        Task starting;
        try
        {
            starting = start();
            await Task.WhenAny(starting, Task.Delay(longest, time, cancel));
        }
        finally
        {
            _places.Release();
        }
        await starting;
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();
}
