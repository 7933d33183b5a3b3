using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Seguro.Nouns;

/// <summary>Places in a noun by their number: 1 is all of it, 2n the head of n, 2n+1 its tail.</summary>
public static class Axis
{
    /// <summary>The noun at a place, or null where there is none.</summary>
    public static Noun? At(Noun noun, ulong axis)
    {
        if (axis == 0)
            return null;
        for (int bit = 62 - BitOperations.LeadingZeroCount(axis); bit >= 0; bit--)
        {
            if (noun is not Cell cell)
                return null;
            noun = ((axis >> bit) & 1) == 0 ? cell.HeadField : cell.TailField;
        }
        return noun;
    }

    /// <summary>The noun at a place.</summary>
    public static bool TryAt(Noun noun, ulong axis, [NotNullWhen(true)] out Noun? found)
    {
        found = At(noun, axis);
        return found is not null;
    }

    /// <summary>The noun at a place that must be there.</summary>
    /// <exception cref="NounException">It is not.</exception>
    public static Noun Get(Noun noun, ulong axis) => At(noun, axis) ?? throw NounException.Shape($"nothing at axis {axis}", noun);

    /// <summary>The noun with another at a place that must be there; what lies on the way is copied, the rest shared.</summary>
    /// <exception cref="NounException">There is no such place.</exception>
    public static Noun With(Noun noun, ulong axis, Noun value)
    {
        if (axis == 0)
            throw NounException.Shape("nothing at axis 0", noun);
        Span<Cell?> way = new Cell?[64];
        int depth = 0;
        Noun at = noun;
        for (int bit = 62 - BitOperations.LeadingZeroCount(axis); bit >= 0; bit--)
        {
            Cell cell = at as Cell ?? throw NounException.Shape($"nothing at axis {axis}", noun);
            way[depth++] = cell;
            at = ((axis >> bit) & 1) == 0 ? cell.HeadField : cell.TailField;
        }
        Noun made = value;
        for (int bit = 0; depth > 0; bit++)
        {
            Cell cell = way[--depth]!;
            made = ((axis >> bit) & 1) == 0 ? new Cell(made, cell.TailField) : new Cell(cell.HeadField, made);
        }
        return made;
    }
}
