namespace Seguro.Vere.Guard;

/// <summary>What is about to be done with a ship's log, as far as it may end in two copies of the ship.</summary>
public enum GuardedAct
{
    /// <summary>A member of a cluster begins: it may become master, and compute the ship.</summary>
    Run,

    /// <summary>A pier is made of the log, for a vere to run.</summary>
    Restore,

    /// <summary>The owner says that a cluster may compute the ship from now on.</summary>
    Take,

    /// <summary>The ship is given back to a plain pier: no member computes it any more.</summary>
    Release,
}
