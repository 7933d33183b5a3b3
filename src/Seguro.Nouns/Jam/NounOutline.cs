namespace Seguro.Nouns;

/// <summary>
/// A jammed noun as far as it was read: its first parts, the heads before the tails. Of large atoms the beginning is kept, and what comes after the
/// most parts is not known. So what an event says can be
/// told in bounded memory, whatever it carries.
/// </summary>
/// <remarks>Not changed after it was read. Not checked behind the last part that was read, nor that the jam is the shortest.</remarks>
public sealed class NounOutline
{
    private NounOutline()
    {
    }

    /// <summary>The atom, or the first bytes of a large one; <see langword="null"/> where this is a cell, or not known.</summary>
    public Atom? Atom { get; private set; }

    /// <summary>How many bits the whole atom has.</summary>
    public ulong AtomBits { get; private set; }

    /// <summary>Of a cell, its head; <see langword="null"/> for an atom, or where this is not known.</summary>
    public NounOutline? Head { get; private set; }

    /// <summary>Of a cell, its tail.</summary>
    public NounOutline? Tail { get; private set; }

    /// <summary>It is a cell.</summary>
    public bool IsCell => Head is not null;

    /// <summary>It was behind the last part that was read.</summary>
    public bool IsUnknown => Atom is null && Head is null;

    /// <summary>Reads the first parts of a jam.</summary>
    /// <param name="jam">The jam, or its beginning.</param>
    /// <param name="mostParts">How many atoms and cells are read.</param>
    /// <param name="mostBytes">How many bytes of an atom are kept.</param>
    /// <param name="isCut">It is only the beginning: what comes after it is not known, and is no error.</param>
    /// <exception cref="NounException">What was read is no jam.</exception>
    public static NounOutline Of(ReadOnlySpan<byte> jam, int mostParts, int mostBytes, bool isCut = false)
    {
        NounOutline root = new();
        try
        {
            Read(root, jam, mostParts, mostBytes, isCut);
        }
        catch (NounException) when (isCut)
        {
            // It ended in the middle of a length or a reference.
        }
        return root;
    }

    private static void Read(NounOutline root, ReadOnlySpan<byte> jam, int mostParts, int mostBytes, bool isCut)
    {
        BitReader reader = new(jam);
        Dictionary<long, NounOutline> seen = [];
        Stack<(NounOutline Part, long Begun)> open = new([(root, -1)]);
        for (int parts = 0; open.TryPop(out (NounOutline Part, long Begun) next);)
        {
            if (next.Begun >= 0)
            {
                seen.TryAdd(next.Begun, next.Part); // a cell is complete: now others may refer to it
                continue;
            }
            if (parts++ == mostParts)
                return;
            long at = reader.Position;
            if (at >= reader.End)
                throw reader.Malformed("it ends too early");
            ulong tag = reader.Peek() & 3;
            reader.Position += (tag & 1) == 0 ? 1 : 2;
            if ((tag & 1) == 0)
            {
                next.Part.Atom = reader.ReadStart(mostBytes, isCut, out ulong bits);
                next.Part.AtomBits = bits;
                seen.TryAdd(at, next.Part);
            }
            else if (tag == 1)
            {
                next.Part.Head = new NounOutline();
                next.Part.Tail = new NounOutline();
                open.Push((next.Part, at));
                open.Push((next.Part.Tail, -1));
                open.Push((next.Part.Head, -1));
            }
            else
            {
                ulong place = reader.ReadMat();
                if (place > long.MaxValue || !seen.TryGetValue((long)place, out NounOutline? same))
                    throw reader.Malformed($"a reference to bit {place}, where nothing was read");
                (next.Part.Atom, next.Part.AtomBits, next.Part.Head, next.Part.Tail) = (same.Atom, same.AtomBits, same.Head, same.Tail);
            }
        }
    }

    /// <summary>The items of a list, as far as they are known and at most so many.</summary>
    public IEnumerable<NounOutline> Items(int most)
    {
        NounOutline at = this;
        for (int i = 0; i < most && at.Head is { } item; i++, at = at.Tail!)
            yield return item;
    }
}
