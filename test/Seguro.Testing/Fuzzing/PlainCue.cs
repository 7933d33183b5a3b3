using System.Numerics;
using Seguro.Nouns;

namespace Seguro.Testing;

/// <summary>
/// Cue as its definition reads (vere-facts.md §3.2), bit by bit, with a dictionary of what was read: slow, and simple enough to be believed.
/// What <see cref="Cue"/> accepts, and what it makes of it, is compared with this.
/// </summary>
public sealed class PlainCue
{
    private const int LongestReference = 63;

    private readonly byte[] _bytes;
    private readonly Dictionary<BigInteger, Noun> _read = [];
    private int _at;

    private PlainCue(byte[] bytes) => _bytes = bytes;

    private bool IsAtEnd => _at >= _bytes.Length * 8;

    /// <summary>Reads a noun; null where the bytes are none.</summary>
    public static Noun? From(byte[] bytes) => new PlainCue(bytes).Read();

    private Noun? Read()
    {
        Stack<(int Start, Noun? Head)> open = [];
        while (true)
        {
            int start = _at;
            if (Bit() is not int tag)
                return null;
            Noun? noun;
            if (tag == 0)
            {
                if (Mat(int.MaxValue) is not BigInteger value)
                    return null;
                noun = _read[start] = Atom.Of(value);
            }
            else if (Bit() is not int second)
            {
                return null;
            }
            else if (second == 1)
            {
                if (Mat(LongestReference) is not BigInteger offset || !_read.TryGetValue(offset, out noun))
                    return null;
            }
            else
            {
                open.Push((start, null));
                continue;
            }
            while (open.TryPeek(out (int Start, Noun? Head) frame) && frame.Head is not null)
            {
                open.Pop();
                noun = _read[frame.Start] = new Cell(frame.Head, noun);
            }
            if (open.Count == 0)
                return noun;
            open.Push((open.Pop().Start, noun));
        }
    }

    private int? Bit()
    {
        if (IsAtEnd)
            return null;
        int bit = (_bytes[_at / 8] >> (_at % 8)) & 1;
        _at++;
        return bit;
    }

    private BigInteger? Mat(int longest)
    {
        int size = 0;
        while (true)
        {
            if (Bit() is not int bit)
                return null;
            if (bit == 1)
                break;
            size++;
        }
        if (size == 0)
            return BigInteger.Zero;
        BigInteger? length = Bits(size - 1) + (BigInteger.One << (size - 1));
        return length is null || length > longest ? null : Bits((int)length);
    }

    private BigInteger? Bits(int count)
    {
        if (count > (_bytes.Length * 8) - _at)
            return null;
        byte[] bits = new byte[(count / 8) + 1];
        for (int i = 0; i < count; i++)
            bits[i / 8] |= (byte)(Bit()!.Value << (i % 8));
        return new BigInteger(bits, isUnsigned: true);
    }
}
