using System.Numerics;

namespace Seguro.Nouns;

/// <summary>
/// A noun: an <see cref="Atom"/> (a natural number) or a <see cref="Cell"/> (a pair of nouns). What Urbit computes with.
/// </summary>
/// <remarks>
/// Immutable to its users, and safe to share between threads. Equality is that of structure; it is decided without recursion, so
/// that a noun of any depth can be compared. The mug is computed once and kept.
/// </remarks>
public abstract class Noun : IEquatable<Noun>
{
    /// <summary>The mug, or 0 where it is not computed yet. Written by whoever computes it first; all write the same.</summary>
    internal int MugOrZero;

    /// <summary>A place in a table that <see cref="DistinctNouns"/> made; means something only together with that table.</summary>
    internal int Mark;

    private protected Noun()
    {
    }

    /// <summary>Is it a cell?</summary>
    public bool IsCell => this is Cell;

    /// <summary>The 31-bit hash by which Urbit names nouns (vere-facts.md §3.3); never 0.</summary>
    public int Mug => MugOrZero != 0 ? MugOrZero : MugHash.Compute(this);

    /// <summary>The same structure?</summary>
    public static bool operator ==(Noun? left, Noun? right) => ReferenceEquals(left, right) || (left is not null && right is not null && NounEquality.Same(left, right));

    /// <summary>Another structure?</summary>
    public static bool operator !=(Noun? left, Noun? right) => !(left == right);

    /// <summary>An atom.</summary>
    public static implicit operator Noun(ulong value) => Atom.Of(value);

    /// <summary>An atom; the number must not be negative.</summary>
    public static implicit operator Noun(int value) => Atom.Of(checked((ulong)value));

    /// <summary>A cord: the text's UTF-8 bytes as an atom, the first byte least significant.</summary>
    public static implicit operator Noun(string text) => Cord.Of(text);

    /// <summary>An atom; the number must not be negative.</summary>
    public static implicit operator Noun(BigInteger value) => Atom.Of(value);

    /// <inheritdoc/>
    public bool Equals(Noun? other) => this == other;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => this == (obj as Noun);

    /// <summary>The mug.</summary>
    public override int GetHashCode() => Mug;

    /// <summary>The noun as a person would write it, cut where it gets long.</summary>
    public override string ToString() => NounPrinter.Print(this);
}
