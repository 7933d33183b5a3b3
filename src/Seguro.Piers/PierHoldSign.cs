namespace Seguro.Piers;

/// <summary>How it is told that somebody holds a pier.</summary>
public enum PierHoldSign
{
    /// <summary>A lock on <c>.vere.lock</c>: vere 3.1 and later, and Seguro.</summary>
    Lock,

    /// <summary>Only the number of a living process in <c>.vere.lock</c>: all that vere 1.9 to 3.0 leaves there. It may be another process that got the number since.</summary>
    Number,

    /// <summary>LMDB's own lock on the log (<c>lock.mdb</c>): whoever has the log open by liblmdb, as every vere has.</summary>
    Log,
}
