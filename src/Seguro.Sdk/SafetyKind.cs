namespace Seguro.Sdk;

/// <summary>The kinds of <see cref="SafetyLevel"/>; the numbers are those of <c>seguro.h</c>.</summary>
internal enum SafetyKind
{
    /// <summary>Durable in the store.</summary>
    Committed = 0,

    /// <summary>Applied by machines other than this one.</summary>
    Processed = 1,

    /// <summary>Its effects are out.</summary>
    Released = 2,
}
