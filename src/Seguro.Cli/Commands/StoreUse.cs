namespace Seguro.Cli.Commands;

/// <summary>What a command does with a store.</summary>
internal enum StoreUse
{
    /// <summary>It reads what is there now: on read-only media, too, and without a trace.</summary>
    Read,

    /// <summary>It reads what comes: a store of files that is opened for reading only may not see that.</summary>
    Follow,

    /// <summary>It writes into a store that is there.</summary>
    Write,

    /// <summary>It writes, and makes the store where there is none.</summary>
    Create,
}
