using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>The file system: it mounts nothing.</summary>
sealed class Clay(King king) : Driver(king)
{
    /// <inheritdoc/>
    public override void Talk() => Plan(NounList.Path("c", "boat"), Cell.Of("boat", 0), () => IsLive = true);

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card) => Begins(wire, "boat") || Begins(wire, "sync");
}
