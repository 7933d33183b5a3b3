namespace Seguro.Core;

/// <summary>What a store can do, and what its commit is worth. Constant while the store is open; where a commit comes to be worth less, renewals say so.</summary>
public sealed record StoreCapabilities
{
    /// <summary>The store's name, as in its URL: <c>lmdb</c>, <c>dqlite</c> …</summary>
    public required string Engine { get; init; }

    /// <summary>The most bytes that one fragment may hold; a larger payload is cut into fragments.</summary>
    public required int LargestFragment { get; init; }

    /// <summary>The most payload bytes that one <see cref="IStoredLog.AppendAsync"/> or <see cref="IStoredLog.StageAsync"/> may carry.</summary>
    public required long LargestTransaction { get; init; }

    /// <summary>The most events that one append may carry.</summary>
    public int LargestGroup { get; init; } = 4096;

    /// <summary>The most bytes that one event may have.</summary>
    public required long LargestEvent { get; init; }

    /// <summary>The most payload bytes that the whole database may hold; <see langword="null"/> where only the disk limits it.</summary>
    public long? Window { get; init; }

    /// <summary>How many copies of a committed event are durable when <see cref="WriteOutcome.Committed"/> is said.</summary>
    public required int DurableCopies { get; init; }

    /// <summary>What a commit is worth, for people: "fsync'd on this machine", "durable on 2 of 3 nodes".</summary>
    public required string CommitMeans { get; init; }

    /// <summary>What the user should know about the database's settings; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The database keeps more than one copy by itself.</summary>
    public bool IsReplicated => DurableCopies > 1;
}
