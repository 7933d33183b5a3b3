namespace Seguro.Piers;

/// <summary>How a pier is opened, which decides what may happen to it meanwhile.</summary>
public enum PierAccess
{
    /// <summary>Takes <c>.vere.lock</c> as vere does, so that no vere starts meanwhile. Needs write access to the pier's folder.</summary>
    Exclusive,

    /// <summary>Takes nothing and writes nothing (read-only media will do), but refuses a pier that somebody holds.</summary>
    Offline,

    /// <summary>Takes nothing and reads a pier that a running vere may hold: what is committed now, and what gets committed meanwhile.</summary>
    Live,
}
