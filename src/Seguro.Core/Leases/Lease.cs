namespace Seguro.Core;

/// <summary>A store's record of who is master, in which term.</summary>
/// <param name="Term">The mastership's number: for safety. It never falls, and it outlives its holder.</param>
/// <param name="Holder">
/// Who holds it; empty where the holder resigned or there never was one. The name must be unique to one life of a process,
/// so that a campaign whose outcome was unknown can be recognised as one's own when it is repeated.
/// </param>
/// <param name="Renewals">Grows with every renewal: for liveness. A watcher that sees no growth for <paramref name="Duration"/> of its own clock may campaign.</param>
/// <param name="Duration">For how long the holder promises to be silent at the most.</param>
public readonly record struct Lease(Term Term, string Holder, ulong Renewals, TimeSpan Duration)
{
    /// <summary>The longest name of a holder, in UTF-8 bytes.</summary>
    public const int LongestHolder = 255;

    /// <summary>The lease of a new log: nobody's.</summary>
    public static Lease None => new(Term.None, "", 0, TimeSpan.Zero);

    /// <summary>Somebody holds it (and may be dead: see <see cref="LeaseWatch"/>).</summary>
    public bool IsHeld => Holder is { Length: > 0 };

    /// <summary>It is of a time before the other. A store that answers with such a one, after the other was read or written there, has gone back.</summary>
    public bool IsBefore(Lease other) => Term < other.Term || (Term == other.Term && Renewals < other.Renewals);

    /// <inheritdoc/>
    public override string ToString() => IsHeld ? $"term {Term} of {Holder}" : $"term {Term}, free";
}
