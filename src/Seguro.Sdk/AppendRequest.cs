namespace Seguro.Sdk;

/// <summary>An append that waits: whole events, or one that comes in pieces.</summary>
internal sealed class AppendRequest
{
    /// <summary>Whole events.</summary>
    public AppendRequest(IReadOnlyList<ReadOnlyMemory<byte>> payloads, long bytes)
    {
        Payloads = payloads;
        Bytes = bytes;
        Count = (ulong)payloads.Count;
    }

    /// <summary>One event in pieces.</summary>
    public AppendRequest(long size, IAsyncEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        Pieces = pieces;
        Bytes = size;
        Count = 1;
    }

    public IReadOnlyList<ReadOnlyMemory<byte>> Payloads { get; } = [];

    public IAsyncEnumerable<ReadOnlyMemory<byte>>? Pieces { get; }

    /// <summary>The sum of the payloads, in bytes; of pieces, the whole event.</summary>
    public long Bytes { get; }

    /// <summary>How many events.</summary>
    public ulong Count { get; }

    /// <summary>The last event's number, or what went wrong.</summary>
    public TaskCompletionSource<ulong> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
