namespace Seguro.Testing;

/// <summary>Mistakes that a member's shell could make, planted in the simulated one, to prove that the checkers find each.</summary>
internal enum ShellBug
{
    /// <summary>None.</summary>
    None,
    /// <summary>An append to the local log is acknowledged before it is on disk.</summary>
    AckedBeforeSync,
    /// <summary>The mug that an event carries is not compared with the ship's.</summary>
    MugNotCompared,
    /// <summary>The lease counts from when the answer came, not from when the renewal was sent.</summary>
    LeaseCountedFromAnswer,
    /// <summary>The local log and the store's are compared by their numbers, not by their chains.</summary>
    NumbersCompared,
}
