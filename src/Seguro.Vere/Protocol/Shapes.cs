using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Vere.Protocol;

/// <summary>Takes messages apart, no deeper than a message's own shape goes.</summary>
internal static class Shapes
{
    /// <summary>Is it an atom of 64 bits?</summary>
    public static bool IsNumber(Noun noun, out ulong value)
    {
        value = 0;
        return noun is Atom atom && atom.TryGet(out value);
    }

    /// <summary>Is it the number of an event?</summary>
    public static bool IsEvent(Noun noun, out EventNumber number)
    {
        bool isNumber = IsNumber(noun, out ulong value);
        number = new EventNumber(value);
        return isNumber;
    }

    /// <summary>Is it a mug: 31 bits?</summary>
    public static bool IsMug(Noun noun, out uint mug)
    {
        bool isMug = IsNumber(noun, out ulong value) && value <= int.MaxValue;
        mug = isMug ? (uint)value : 0;
        return isMug;
    }

    /// <summary>Is it <c>[first rest]</c> with a number before?</summary>
    public static bool IsTagged(Noun noun, out ulong tag, out Noun rest)
    {
        rest = (noun as Cell)?.Tail ?? Atom.Zero;
        tag = 0;
        return noun is Cell cell && IsNumber(cell.Head, out tag);
    }

    public static NounException Wrong(string what, VereProtocol protocol, ulong tag, Noun message) =>
        NounException.Shape($"a {what} {Tags.Text(tag)} is not what protocol {(int)protocol} says", message);
}
