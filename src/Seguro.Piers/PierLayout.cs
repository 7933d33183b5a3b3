namespace Seguro.Piers;

/// <summary>The generations of a pier's log (vere-facts.md, "Release / design generations").</summary>
public enum PierLayout
{
    /// <summary>One environment with all events, <c>.urb/log/data.mdb</c>: vere 1.0 to 2.12.</summary>
    Flat,

    /// <summary>Epochs of format 1: vere 3.0 to 3.5.</summary>
    EpochsV3,

    /// <summary>Epochs of format 2: vere 4.0 and later.</summary>
    EpochsV4,
}
