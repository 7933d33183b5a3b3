namespace Seguro.Balancer;

/// <summary>Why bytes are not a frame.</summary>
public enum FrameFault
{
    /// <summary>They are one.</summary>
    None,
    /// <summary>The magic, the length, the kind or a byte that must be zero is wrong.</summary>
    Malformed,
    /// <summary>The shape is right, but the MAC is not: another key, or a forgery.</summary>
    Forged,
}
