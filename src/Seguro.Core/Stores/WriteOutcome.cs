namespace Seguro.Core;

/// <summary>What became of a conditional write. Nothing else may be assumed: in particular, an exception is never a commit.</summary>
public abstract record WriteOutcome
{
    private WriteOutcome()
    {
    }

    /// <summary>Written, durable as <see cref="StoreCapabilities.CommitMeans"/> says; or found written by an earlier attempt.</summary>
    public sealed record Committed : WriteOutcome
    {
        /// <summary>The only instance.</summary>
        public static Committed Instance { get; } = new();
    }

    /// <summary>Nothing was written by this call: another term is current. The writer is master no longer.</summary>
    /// <param name="Current">The lease in force.</param>
    public sealed record Fenced(Lease Current) : WriteOutcome;

    /// <summary>Nothing was written by this call: the store is not in the state that the write was made for.</summary>
    /// <param name="Current">The state in force.</param>
    public sealed record Conflict(LogState Current) : WriteOutcome;

    /// <summary>Nothing was written by this call, and that is certain: the store does not take it as things are. The same may be taken later, where room was made.</summary>
    /// <param name="Cause">Why, for people.</param>
    public sealed record Refused(string Cause) : WriteOutcome;

    /// <summary>The write may have happened, or may still happen. Repeat the very same call to find out.</summary>
    /// <param name="Cause">What went wrong, for people.</param>
    public sealed record Unknown(string Cause) : WriteOutcome;
}
