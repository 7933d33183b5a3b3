using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>arvo's own: entropy, and how much it prints.</summary>
sealed class Fore(King king) : Driver(king)
{
    /// <inheritdoc/>
    public override void Talk()
    {
        Plan(new KingOvum(FirstOva.Wack()));
        Plan(new KingOvum(FirstOva.Verb()));
        IsLive = true;
    }
}
