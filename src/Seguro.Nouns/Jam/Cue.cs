using System.Buffers;
using System.Numerics;
using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>Reads nouns from bytes that <see cref="Jam"/>, or Urbit, wrote (<c>cue</c>, vere-facts.md §3.2).</summary>
/// <remarks>
/// The input may be anyone's. It works without recursion, reads nothing beyond the input, takes a length's memory only when the input has as
/// many bits, and lets a reference name only what is fully read already. What the input shares is shared in the noun. It need not be what
/// jam would have written; bytes after the noun are not looked at.
/// </remarks>
public static class Cue
{
    /// <summary>Reads a noun.</summary>
    /// <exception cref="NounException"><see cref="ErrorCode.Corrupt"/>: the bytes are not a noun; <see cref="ErrorCode.TooLarge"/>: it is beyond the limits.</exception>
    public static Noun From(ReadOnlySpan<byte> bytes, CueLimits? limits = null)
    {
        limits ??= CueLimits.Default;
        if (bytes.Length > limits.Bytes)
            throw TooLarge($"{bytes.Length} bytes", $"{limits.Bytes} bytes");
        NounsByOffset nouns = new(bytes.Length);
        // The cells that are being read, by index.
        int[] stack = ArrayPool<int>.Shared.Rent(64);
        int depth = 0;
        long withoutHead = 0;
        try
        {
            BitReader reader = new(bytes);
            Noun noun;
            while (true)
            {
                ulong bits = reader.Peek();
                long start = reader.Position;
                if (start >= reader.End)
                    throw reader.Malformed("it ends too early");
                if ((bits & 1) == 0)
                {
                    noun = ReadAtom(ref reader, bits);
                    nouns.Set(nouns.Begin(start), noun);
                }
                else if ((bits & 2) != 0)
                {
                    reader.Position += 2;
                    ulong offset = reader.ReadMat();
                    noun = nouns.Find(offset) ?? throw reader.Malformed($"a reference to bit {offset}, where no noun was read");
                }
                else
                {
                    reader.Position += 2;
                    if (depth == stack.Length)
                        stack = Pooled.Grow(stack, depth);
                    if (depth >= limits.Depth)
                        throw TooLarge($"more than {depth} levels", $"{limits.Depth} levels");
                    stack[depth++] = nouns.BeginCell(start);
                    // A head, and after it a tail for each cell that has no head yet, take two bits each at the least. So what only opens
                    // cells is refused half way, and until then it cost no more than what closes them.
                    if (reader.End - reader.Position < 2 * (++withoutHead + 1))
                        throw reader.Malformed("it ends too early");
                    if (nouns.Count > limits.Nouns)
                        throw TooMany(limits);
                    continue;
                }
                if (nouns.Count > limits.Nouns)
                    throw TooMany(limits);
                while (depth > 0 && nouns.At(stack[depth - 1]) is Noun head)
                {
                    noun = new Cell(head, noun);
                    nouns.EndCell(stack[--depth], noun);
                }
                if (depth == 0)
                    return noun;
                nouns.Set(stack[depth - 1], noun);
                withoutHead--;
            }
        }
        finally
        {
            ArrayPool<int>.Shared.Return(stack);
            nouns.Release();
        }
    }

    /// <summary>Reads a noun from an atom that holds its jam.</summary>
    /// <exception cref="NounException">As for bytes.</exception>
    public static Noun From(Atom jam, CueLimits? limits = null) => From(jam.Bytes, limits);

    private static Atom ReadAtom(ref BitReader reader, ulong bits)
    {
        // The whole of a small atom is in the bits at hand: tag, c zeros, a one, c-1 bits of length, the value.
        int size = BitOperations.TrailingZeroCount(bits >> 1);
        if (size is > 0 and <= 6)
        {
            int length = (int)((bits >> (size + 2)) & ((1UL << (size - 1)) - 1)) | (1 << (size - 1));
            int before = (2 * size) + 1;
            if (before + length <= BitReader.PeekSize && reader.Position + before + length <= reader.End)
            {
                reader.Position += before + length;
                return Atom.Of((bits >> before) & ((1UL << length) - 1));
            }
        }
        if (size == 0 && reader.Position + 2 <= reader.End)
        {
            reader.Position += 2;
            return Atom.Zero;
        }
        reader.Position++;
        return reader.ReadAtom();
    }

    private static NounException TooMany(CueLimits limits) => TooLarge($"more than {limits.Nouns} nouns", $"{limits.Nouns} nouns");

    private static NounException TooLarge(string what, string limit) =>
        new(ErrorCode.TooLarge, $"the jammed noun has {what}; the limit is {limit}", "Raise the limit if you trust where the bytes come from.");
}
