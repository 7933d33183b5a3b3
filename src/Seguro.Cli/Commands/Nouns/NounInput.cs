using System.Buffers.Binary;
using System.CommandLine;
using System.Text;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Nouns;

/// <summary>The noun, or nouns, that a command is about: text on the command line, a file, or standard input.</summary>
internal static class NounInput
{
    private const int NewtHeader = 5;
    private const int MugSize = 4;
    private const int LongestText = 1 << 28;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Argument<string> Argument() => new("INPUT")
    {
        Description = "A noun as text, such as '[1 ~zod %term ~]'; or a file; or - for standard input. Text that reads as a noun is one: write ./7 for a file of such a name.",
    };

    public static Option<string?> Format()
    {
        Option<string?> format = new("--as") { Description = "What the input is: text, jam, newt (frames), event (4 bytes of mug, then jam). Guessed unless said.", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("text", "jam", "newt", "event");
        return format;
    }

    public static NounFormat FormatOf(string? name) => name is null ? NounFormat.Guess : Enum.Parse<NounFormat>(name, ignoreCase: true);

    /// <summary>Reads the input; at least one noun, several only of newt frames.</summary>
    public static async Task<IReadOnlyList<Noun>> ReadAsync(Terminal terminal, string input, NounFormat format, CancellationToken cancel)
    {
        if (TryArgument(input, format, out Noun? noun, out string wrong))
            return [noun!];
        byte[] bytes = await ReadBytesAsync(terminal, input, wrong, cancel);
        return Decode(bytes, format);
    }

    /// <summary>Reads input that is jam: its bytes, or the atom of them as text (<c>0x…</c>).</summary>
    public static async Task<Noun> ReadJamAsync(Terminal terminal, string input, CancellationToken cancel)
    {
        if (TryArgument(input, NounFormat.Guess, out Noun? noun, out string wrong))
            return Cue.From(JamOf(noun!));
        byte[] bytes = await ReadBytesAsync(terminal, input, wrong, cancel);
        return TextOf(bytes) is { } text && NounReader.TryRead(text, out noun, out _) && noun is Atom atom ? Cue.From(atom) : Cue.From(bytes);
    }

    private static Atom JamOf(Noun noun) =>
        noun as Atom ?? throw new SeguroException(ErrorCode.BadValue, "jam is one atom, and this text is a cell", "Write the jam as 0x…, or use `seguro noun show` for a noun that is text already.");

    /// <summary>Is the argument the noun itself?</summary>
    private static bool TryArgument(string input, NounFormat format, out Noun? noun, out string wrong)
    {
        noun = null;
        wrong = "";
        if (input == "-" || format is not (NounFormat.Guess or NounFormat.Text))
            return false;
        return NounReader.TryRead(input, out noun, out wrong!);
    }

    private static async Task<byte[]> ReadBytesAsync(Terminal terminal, string input, string wrong, CancellationToken cancel)
    {
        if (input != "-" && !File.Exists(input))
        {
            bool isPath = wrong.Length == 0 || (input.Length > 0 && (char.IsAsciiLetter(input[0]) || input[0] is '.' or '/'));
            throw isPath
                ? new SeguroException(ErrorCode.NotFound, $"there is no file '{input}'{(wrong.Length == 0 ? "" : ", and as text it is " + wrong)}", "Check the path, or write a noun like [1 ~zod 'text' ~].")
                : new SeguroException(ErrorCode.BadValue, wrong, "Write it like [1 ~zod 'text' %term 0xff ~], in quotes so that the shell leaves it alone.");
        }
        long limit = CueLimits.Default.Bytes;
        await using Stream stream = input == "-" ? terminal.OpenInput() : new FileStream(input, FileMode.Open, FileAccess.Read, FileShare.Read);
        using MemoryStream bytes = new(stream.CanSeek ? (int)Math.Min(stream.Length, limit) : 0);
        byte[] piece = new byte[1 << 16];
        for (int read; (read = await stream.ReadAsync(piece, cancel)) > 0;)
        {
            if (bytes.Length + read > limit)
                throw new SeguroException(ErrorCode.TooLarge, $"the input has more than {limit:N0} bytes", "A noun of that size is not read at once; take a smaller one.");
            bytes.Write(piece, 0, read);
        }
        return bytes.ToArray();
    }

    private static IReadOnlyList<Noun> Decode(byte[] bytes, NounFormat format)
    {
        if (bytes.Length == 0)
            throw new SeguroException(ErrorCode.BadValue, "the input is empty", "Give a noun as text, or the bytes of a jam.");
        switch (format)
        {
            case NounFormat.Text:
                return [NounReader.Read(TextOf(bytes) ?? throw new SeguroException(ErrorCode.BadValue, "the input is not text", "Leave --as text out, or say --as jam."))];
            case NounFormat.Jam:
                return [Cue.From(bytes)];
            case NounFormat.Newt:
                return Frames(bytes) ?? throw new SeguroException(
                    ErrorCode.BadValue, "the input is not a row of newt frames: 0, the length in 4 bytes, little-endian, and as many bytes of jam", "Check where the bytes come from; say --as jam for a noun without a frame.");
            case NounFormat.Event:
                return bytes.Length > MugSize
                    ? [Cue.From(bytes.AsSpan(MugSize))]
                    : throw new SeguroException(ErrorCode.BadEvent, $"an event has 4 bytes of mug and then jam; the input has {bytes.Length} bytes", "Take it whole from `seguro log read N --out FILE`.");
        }
        string? wrong = null;
        if (TextOf(bytes) is { } text)
        {
            if (NounReader.TryRead(text, out Noun? noun, out wrong))
                return [noun];
        }
        try
        {
            return Frames(bytes) ?? [Cue.From(bytes)];
        }
        catch (NounException) when (wrong is not null)
        {
            throw new SeguroException(ErrorCode.BadValue, $"the input is neither jam nor text of a noun; as text it is {wrong}", "Say --as text, jam, newt or event if you know what it is.");
        }
    }

    /// <summary>The nouns of frames, or null where the bytes are not frames from end to end.</summary>
    private static List<Noun>? Frames(byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            if (Length(bytes, at) is not { } length)
                return null;
            at += NewtHeader + length;
        }
        List<Noun> nouns = [];
        for (int at = 0; at < bytes.Length; at += NewtHeader + Length(bytes, at)!.Value)
            nouns.Add(Cue.From(bytes.AsSpan(at + NewtHeader, Length(bytes, at)!.Value)));
        return nouns;
    }

    private static int? Length(byte[] bytes, int at)
    {
        if (bytes.Length - at < NewtHeader || bytes[at] != 0)
            return null;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 1));
        return length > 0 && length <= bytes.Length - at - NewtHeader ? (int)length : null;
    }

    private static string? TextOf(byte[] bytes)
    {
        if (bytes.Length > LongestText || bytes.AsSpan().ContainsAnyInRange((byte)0, (byte)8) || bytes.AsSpan().ContainsAnyInRange((byte)14, (byte)31))
            return null;
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
