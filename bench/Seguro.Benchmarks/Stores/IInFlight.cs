namespace Seguro.Benchmarks;

/// <summary>Takes events from many producers at a time.</summary>
internal interface IInFlight : IAsyncDisposable
{
    /// <summary>Who does the work; it is disposed of by its owner.</summary>
    Contestant Contestant { get; }

    /// <summary>How many commits were made.</summary>
    long Commits { get; }

    /// <summary>Appends an event; ends when it is committed. From any thread.</summary>
    /// <exception cref="OperationCanceledException">It never will be: see <see cref="Drop"/>.</exception>
    Task AppendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel);

    /// <summary>The time is over: what waits and was not begun may be left out. A client with one writer could take long over it.</summary>
    void Drop();
}
