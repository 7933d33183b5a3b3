using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>The orders of nouns that sets and maps are kept in (hoon 2f).</summary>
static class Order
{
    /// <summary>By structure.</summary>
    public static bool Dor(Noun a, Noun b)
    {
        while (true)
        {
            if (ReferenceEquals(a, b) || NounEquality.Same(a, b))
                return true;
            if (a is not Cell left)
                return b is Cell || ((Atom)a).CompareTo((Atom)b) < 0;
            if (b is not Cell right)
                return false;
            (a, b) = NounEquality.Same(left.HeadField, right.HeadField) ? (left.TailField, right.TailField) : (left.HeadField, right.HeadField);
        }
    }

    /// <summary>By mug: left and right in a tree.</summary>
    public static bool Gor(Noun a, Noun b)
    {
        int left = a.Mug;
        int right = b.Mug;
        return left == right ? Dor(a, b) : left < right;
    }

    /// <summary>By the mug's mug: up and down in a tree.</summary>
    public static bool Mor(Noun a, Noun b)
    {
        int left = Again(a.Mug);
        int right = Again(b.Mug);
        return left == right ? Dor(a, b) : left < right;
    }

    private static int Again(int mug)
    {
        Span<byte> bytes = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bytes, mug);
        return MugHash.OfBytes(bytes.TrimEnd((byte)0));
    }
}
