namespace Seguro.Core;

/// <summary>Why an ovum did not become an event. Few and fixed, since metrics count by them.</summary>
public enum Refusal
{
    /// <summary>It is not what an ovum must be.</summary>
    Malformed,
    /// <summary>The ship's boot has not ended.</summary>
    Unbooted,
    /// <summary>It crashed the kernel, and so did the report of that.</summary>
    Crashed,
    /// <summary>Something in it was forged (<c>%evil</c>).</summary>
    Forged,
    /// <summary>The event that came of it is larger than the store takes.</summary>
    Oversize,
    /// <summary>The mastership ended before its turn came.</summary>
    Deposed,
    /// <summary>The ship failed.</summary>
    Failed,
    /// <summary>It took masters down, and is set aside.</summary>
    Suspect,
}
