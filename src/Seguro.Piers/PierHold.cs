namespace Seguro.Piers;

/// <summary>Whether somebody holds a pier, as its <c>.vere.lock</c> tells (vere-facts.md §1.2).</summary>
/// <param name="IsHeld">Somebody does.</param>
/// <param name="ProcessId">Who, where that can be told.</param>
public sealed record PierHold(bool IsHeld, int? ProcessId)
{
    /// <summary>Nobody.</summary>
    public static PierHold Free { get; } = new(false, null);
}
