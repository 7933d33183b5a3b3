namespace Seguro.Testing;

/// <summary>An invariant does not hold. The names are those of the list in docs/reliability.md.</summary>
#pragma warning disable CA1064, RCS1194 // it ends a simulation and is never seen outside
internal sealed class InvariantException(Invariant invariant, string text) : Exception($"invariant {(int)invariant} ({invariant}): {text}")
#pragma warning restore CA1064, RCS1194
{
    /// <summary>Which.</summary>
    public Invariant Invariant => invariant;
}
