using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>Outgoing HTTP: it asks nobody.</summary>
sealed class HttpClientDriver(King king) : Driver(king)
{
    /// <inheritdoc/>
    public override void Talk() => Plan(NounList.Of("i", "http-client", Clock.Instance()), Cell.Of("born", 0), () => IsLive = true);

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card) => Begins(wire, "http-client");
}
