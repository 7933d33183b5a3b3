using Seguro.Core;

namespace Seguro.Stores;

/// <summary>What is common to the stores whose members keep a window of the log in memory and commit by a majority.</summary>
internal static class QuorumStore
{
    /// <summary>Says what such a store can do, and what its commit is worth.</summary>
    /// <param name="engine">The store's name, as in its URL.</param>
    /// <param name="member">What it calls a member, in the singular.</param>
    /// <param name="voters">How many members vote.</param>
    /// <param name="largestFragment">The most payload bytes of a value and of a transaction.</param>
    /// <param name="window">The window that the store was made with, in payload bytes.</param>
    /// <param name="asked">The window that was asked for now.</param>
    public static StoreCapabilities Describe(string engine, string member, int voters, int largestFragment, long window, long asked)
    {
        int quorum = (voters / 2) + 1;
        List<string> warnings = [];
        if (voters < 3)
            warnings.Add($"The cluster has {voters} voting {member}{(voters == 1 ? "" : "s")}; with fewer than three it does not outlive the loss of one.");
        if (window != asked)
            warnings.Add($"The store was made with a window of {window:N0} bytes, and keeps it; the {asked:N0} asked for here have no effect.");
        return new StoreCapabilities
        {
            Engine = engine,
            LargestFragment = largestFragment,
            LargestTransaction = largestFragment,
            LargestGroup = 2048,
            LargestEvent = window / 2,
            Window = window,
            DurableCopies = quorum,
            CommitMeans = $"durable on {quorum} of {voters} {member}s",
            Warnings = warnings,
        };
    }
}
