using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>Sockets of the ship's own: it has none. Kernels of 2023 do not know it, and refuse its first ovum (vere-facts.md §13.9).</summary>
sealed class Lick(King king) : Driver(king)
{
    /// <inheritdoc/>
    public override void Talk() => Plan(NounList.Path("l", "lick"), Cell.Of("born", 0), () => IsLive = true, _ => IsLive = true);

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card) => Begins(wire, "lick");
}
