using System.Buffers.Binary;
using System.Text;

namespace Seguro.Vere.Steering;

/// <summary>
/// The kernel's own library in a process, <c>[vdso]</c>, as the bytes that are mapped there (elf(5), vdso(7)): where the two functions are by which programs read the wall clock.
/// </summary>
/// <remarks>Any bytes may be given: everything is read within bounds, and what is not as known is <see langword="null"/> with a reason.</remarks>
sealed class VdsoImage
{
    /// <summary>The first bytes of the image, its ELF header's name: nothing reads them once a program runs, so that the time that is given lies there.</summary>
    public const int CellBytes = 24;

    private const int HeaderBytes = 64;
    private const int SectionBytes = 64;
    private const int SymbolBytes = 24;
    private const int MostSymbols = 256;
    private const int LongestName = 64;
    private const uint DynamicSymbols = 11;
    private const uint StringTable = 3;
    private const byte Function = 2;

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];

    private VdsoImage(byte[] bytes, CodeRange clockGettime, CodeRange gettimeofday)
    {
        Bytes = bytes;
        ClockGettime = clockGettime;
        Gettimeofday = gettimeofday;
    }

    /// <summary>The image.</summary>
    public byte[] Bytes { get; }

    /// <summary><c>__vdso_clock_gettime</c>.</summary>
    public CodeRange ClockGettime { get; }

    /// <summary><c>__vdso_gettimeofday</c>.</summary>
    public CodeRange Gettimeofday { get; }

    /// <summary>Reads an image.</summary>
    /// <param name="bytes">What is mapped; the image's own from now on.</param>
    /// <param name="why">Why not, where the result is <see langword="null"/>.</param>
    public static VdsoImage? Read(byte[] bytes, out string why)
    {
        ReadOnlySpan<byte> image = bytes;
        // ELF, 64 bits, little-endian, version 1; a shared object for x86-64.
        if (image.Length < HeaderBytes || !image[..7].SequenceEqual(Magic) || U16(image, 16) != 3 || U16(image, 18) != 62)
            return Not("the kernel's vdso is no shared object for x86-64", out why);
        ulong sections = U64(image, 40);
        int count = U16(image, 60);
        if (U16(image, 58) != SectionBytes || !Fits(image, sections, (ulong)count * SectionBytes))
            return Not("the vdso has no list of its sections", out why);
        for (int at = 0; at < count; at++)
        {
            ReadOnlySpan<byte> section = image.Slice((int)sections + (at * SectionBytes), SectionBytes);
            if (U32(section, 4) != DynamicSymbols)
                continue;
            (ulong symbols, ulong size, uint link) = (U64(section, 24), U64(section, 32), U32(section, 40));
            if (U64(section, 56) != SymbolBytes || size > MostSymbols * SymbolBytes || !Fits(image, symbols, size) || link >= count)
                return Not("the vdso's symbols lie where none can be", out why);
            ReadOnlySpan<byte> strings = image.Slice((int)sections + ((int)link * SectionBytes), SectionBytes);
            if (U32(strings, 4) != StringTable || !Fits(image, U64(strings, 24), U64(strings, 32)))
                return Not("the vdso's names lie where none can be", out why);
            ReadOnlySpan<byte> names = image.Slice((int)U64(strings, 24), (int)U64(strings, 32));
            CodeRange? gettime = Find(image, image.Slice((int)symbols, (int)size), names, "__vdso_clock_gettime");
            CodeRange? timeofday = Find(image, image.Slice((int)symbols, (int)size), names, "__vdso_gettimeofday");
            if (gettime is not { } first || timeofday is not { } second || first.Size < ClockStub.ClockGettimeBytes || second.Size < ClockStub.GettimeofdayBytes)
                return Not("the vdso has not the functions for the wall clock, or they are too short", out why);
            if (first.Overlaps(second))
                return Not("the vdso's functions for the wall clock lie one in the other", out why);
            why = "";
            return new VdsoImage(bytes, first, second);
        }
        return Not("the vdso has no symbols", out why);
    }

    private static CodeRange? Find(ReadOnlySpan<byte> image, ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> names, string name)
    {
        for (int at = 0; at + SymbolBytes <= symbols.Length; at += SymbolBytes)
        {
            ReadOnlySpan<byte> symbol = symbols.Slice(at, SymbolBytes);
            uint nameAt = U32(symbol, 0);
            if ((symbol[4] & 0xf) != Function || U16(symbol, 6) == 0 || nameAt >= names.Length)
                continue;
            ReadOnlySpan<byte> text = names[(int)nameAt..];
            int end = text[..Math.Min(text.Length, LongestName)].IndexOf((byte)0);
            if (end < 0 || Encoding.ASCII.GetString(text[..end]) != name)
                continue;
            // Values are addresses; the image is linked at 0, so they are offsets, too.
            (ulong value, ulong size) = (U64(symbol, 8), U64(symbol, 16));
            return value >= HeaderBytes && Fits(image, value, size) ? new CodeRange((int)value, (int)size) : null;
        }
        return null;
    }

    private static bool Fits(ReadOnlySpan<byte> image, ulong at, ulong size) => at <= (ulong)image.Length && size <= (ulong)image.Length - at;

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static VdsoImage? Not(string reason, out string why)
    {
        why = reason;
        return null;
    }

    /// <summary>Where a function's code is, in bytes from the image's start.</summary>
    internal readonly record struct CodeRange(int Offset, int Size)
    {
        public bool Overlaps(CodeRange other) => Offset < other.Offset + other.Size && other.Offset < Offset + Size;
    }
}
