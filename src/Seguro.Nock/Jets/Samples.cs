using System.Diagnostics.CodeAnalysis;
using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>What jets take from samples; what is of another shape makes them decline.</summary>
static class Samples
{
    private const int LargestBlock = 40;
    private const int BytesOfItem = 40; // a cell, and its place in an array

    public static bool TryAtoms(Noun sample, [NotNullWhen(true)] out Atom? a, [NotNullWhen(true)] out Atom? b)
    {
        if (sample is Cell { HeadField: Atom left, TailField: Atom right })
        {
            (a, b) = (left, right);
            return true;
        }
        a = b = null;
        return false;
    }

    /// <summary>A <c>bloq</c>: the size of a block in bits.</summary>
    public static bool TryBlock(Noun noun, out long bits)
    {
        bits = 0;
        if (noun is not Atom { Words: null, Low: <= LargestBlock } atom)
            return false;
        bits = 1L << (int)atom.Low;
        return true;
    }

    /// <summary>A number that a size may be.</summary>
    public static bool TryCount(Noun noun, out long count)
    {
        count = 0;
        if (noun is not Atom { Words: null, Low: < 1UL << 40 } atom)
            return false;
        count = (long)atom.Low;
        return true;
    }

    /// <summary>A <c>bite</c>: a block, or a block and how many; its size in bits.</summary>
    public static bool TryBite(Noun noun, out long bits)
    {
        if (noun is not Cell cell)
            return TryBlock(noun, out bits);
        bits = 0;
        if (!TryBlock(cell.HeadField, out long block) || !TryCount(cell.TailField, out long count))
            return false;
        return TryTimes(block, count, out bits);
    }

    public static bool TryTimes(long block, long count, out long bits)
    {
        bits = 0;
        if (count > 0 && block > (1L << 45) / count)
            return false;
        bits = block * count;
        return true;
    }

    /// <summary>The items of a list that ends in 0; else null.</summary>
    public static List<Noun>? Items(Noun list)
    {
        List<Noun> items = [];
        while (list is Cell cell)
        {
            if (items.Count == items.Capacity)
                Weigh(items.Count);
            items.Add(cell.HeadField);
            list = cell.TailField;
        }
        return IsNull(list) ? items : null;
    }

    /// <summary>Shorter ones are not worth weighing.</summary>
    public const int LongList = 1000;

    /// <summary>A list of so many items, or what it is gathered in, is about to be made.</summary>
    public static void Weigh(long items)
    {
        if (items >= LongList)
            NockMachine.Take(items * BytesOfItem);
    }

    public static bool IsNull(Noun noun) => noun is Atom { Words: null, Low: 0 };

    public static Noun List(List<Noun> items, Noun? tail = null)
    {
        Noun list = tail ?? Atom.Zero;
        Weigh(items.Count);
        for (int i = items.Count - 1; i >= 0; i--)
            list = new Cell(items[i], list);
        return list;
    }
}
