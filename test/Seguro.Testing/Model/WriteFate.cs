namespace Seguro.Testing;

/// <summary>What becomes of one write to a model store.</summary>
public enum WriteFate
{
    /// <summary>The caller hears what happened.</summary>
    Fine,
    /// <summary>It happens, and the caller hears <c>Unknown</c>.</summary>
    UnknownApplied,
    /// <summary>It does not happen, and the caller hears <c>Unknown</c>.</summary>
    UnknownLost,
    /// <summary>It does not happen, and the caller hears <c>StoreUnavailable</c>.</summary>
    Refused,
}
