namespace Seguro.Balancer;

/// <summary>Why bytes are not a frame.</summary>
public enum FrameFault
{
    /// <summary>They are one.</summary>
    None,
    /// <summary>The magic, the length, the kind or a byte that must be zero is wrong.</summary>
    Malformed,
    /// <summary>The shape is right, but the MAC is not: a forgery.</summary>
    Forged,
    /// <summary>The shape is right, and it was made with a key that is not known here: of a member that left, or not rotated everywhere.</summary>
    UnknownKey,
}
