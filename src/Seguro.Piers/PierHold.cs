namespace Seguro.Piers;

/// <summary>Whether somebody holds a pier, as its <c>.vere.lock</c> and the locks on its log tell (vere-facts.md §1.2).</summary>
/// <param name="IsHeld">Somebody does.</param>
/// <param name="ProcessId">Who, where that can be told.</param>
/// <param name="Sign">How that is told.</param>
public sealed record PierHold(bool IsHeld, int? ProcessId, PierHoldSign Sign = PierHoldSign.Lock)
{
    /// <summary>Nobody.</summary>
    public static PierHold Free { get; } = new(false, null);
}
