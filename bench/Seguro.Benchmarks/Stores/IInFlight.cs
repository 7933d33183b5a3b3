namespace Seguro.Benchmarks;

/// <summary>Takes events from many producers at a time.</summary>
internal interface IInFlight : IAsyncDisposable
{
    /// <summary>Who does the work; it is disposed of by its owner.</summary>
    Contestant Contestant { get; }

    /// <summary>How many commits were made.</summary>
    long Commits { get; }

    /// <summary>Appends an event; ends when it is committed. From any thread.</summary>
    Task AppendAsync(ReadOnlyMemory<byte> payload, CancellationToken cancel);
}
