namespace Seguro.Vere.Mirror;

/// <summary>What a mirror is doing.</summary>
public enum MirrorState
{
    /// <summary>It has all that the pier has, or is about to.</summary>
    Following,

    /// <summary>It copies what it had missed.</summary>
    CatchingUp,

    /// <summary>The pier is not there, or can't be read.</summary>
    PierAway,

    /// <summary>The store does not answer, or takes nothing.</summary>
    StoreAway,
}
