using Seguro.Core;

namespace Seguro.Testing;

/// <summary>What a model store can do. Small numbers make fragments and stages out of small events.</summary>
public sealed record ModelOptions
{
    /// <summary>The largest fragment, in bytes.</summary>
    public int LargestFragment { get; init; } = 1 << 20;

    /// <summary>The largest transaction, in bytes.</summary>
    public long LargestTransaction { get; init; } = 8 << 20;

    /// <summary>The most events in one append.</summary>
    public int LargestGroup { get; init; } = 4096;

    /// <summary>The largest event, in bytes.</summary>
    public long LargestEvent { get; init; } = 1L << 30;

    /// <summary>The most payload bytes in the database; <see langword="null"/> for no limit.</summary>
    public long? Window { get; init; }

    /// <summary>How many copies a commit is said to have.</summary>
    public int DurableCopies { get; init; } = 1;

    /// <summary>Fragments are handed out in a buffer that is spoiled when the next one is asked for, as the contract allows.</summary>
    public bool SpoilsBuffers { get; init; } = true;

    /// <summary>Which database it is; <see langword="null"/>: a random one.</summary>
    public StoreIdentity? Identity { get; init; }

    /// <summary>A mistake planted on purpose.</summary>
    public ModelBug Bug { get; init; }

    /// <summary>The same in the words of the contract.</summary>
    public StoreCapabilities Capabilities => new()
    {
        Engine = "model",
        LargestFragment = LargestFragment,
        LargestTransaction = LargestTransaction,
        LargestGroup = LargestGroup,
        LargestEvent = LargestEvent,
        Window = Window,
        DurableCopies = DurableCopies,
        CommitMeans = "kept in this process's memory",
    };
}
