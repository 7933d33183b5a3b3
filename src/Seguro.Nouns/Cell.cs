namespace Seguro.Nouns;

/// <summary>A pair of nouns.</summary>
public sealed class Cell : Noun
{
    // Not readonly: two equal cells that were compared are made to share their parts (see NounEquality). That changes no noun's value,
    // and a reference is written at once, so a reader in another thread sees one or the other of two equal nouns.
    internal Noun HeadField;
    internal Noun TailField;

    /// <summary>Makes the pair.</summary>
    public Cell(Noun head, Noun tail)
    {
        HeadField = head;
        TailField = tail;
    }

    /// <summary>The first half: axis 2.</summary>
    public Noun Head => HeadField;

    /// <summary>The second half: axis 3.</summary>
    public Noun Tail => TailField;

    /// <summary>A tuple of two or more nouns: <c>[a b c]</c> is <c>[a [b c]]</c>.</summary>
    public static Cell Of(Noun first, Noun second, params ReadOnlySpan<Noun> more)
    {
        if (more.IsEmpty)
            return new Cell(first, second);
        Noun tail = more[^1];
        for (int i = more.Length - 2; i >= 0; i--)
            tail = new Cell(more[i], tail);
        return new Cell(first, new Cell(second, tail));
    }

    /// <summary>The two halves.</summary>
    public void Deconstruct(out Noun head, out Noun tail)
    {
        head = HeadField;
        tail = TailField;
    }
}
