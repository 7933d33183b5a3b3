using System.Globalization;
using System.Text;
using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>What an object says of itself in the clear, signed by the host that made it and bound to the content by age's own MAC (docs/harbor-format.md).</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="First">The first event of a segment; a snapshot's event.</param>
/// <param name="Last">The last event of a segment; a snapshot's event.</param>
/// <param name="Before">The chain before a segment's first event.</param>
/// <param name="After">The chain after its last event; of other kinds the SHA-256 of the content.</param>
/// <param name="Time">Of a segment the time in its last event, where that can be read, else when it was sealed. UTC, whole milliseconds.</param>
public sealed record Manifest(ManifestKind Kind, EventNumber First, EventNumber Last, Chain Before, Chain After, DateTimeOffset Time)
{
    private const string StanzaType = "seguro-manifest";
    private const string Version = "1";
    private const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>The place in the log after which a segment goes on.</summary>
    public Position Start => new(First.Previous, Before);

    /// <summary>The place in the log where it ends.</summary>
    public Position End => new(Last, After);

    internal AgeStanza Sign(string folder, Key signer)
    {
        string[] words = Words();
        return new AgeStanza(words, SignatureAlgorithm.Ed25519.Sign(signer, Signed(folder, words)));
    }

    /// <summary>Reads the manifest of a header, and checks its signature.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: there is none, or it is not the signer's; <see cref="ErrorCode.NewerSchema"/>.</exception>
    internal static Manifest Read(AgeHeader header, string folder, PublicKey signer)
    {
        AgeStanza stanza = header.Stanzas.FirstOrDefault(static stanza => stanza.Words[0] == StanzaType) ?? throw AgeHeader.Bad("it has no manifest");
        if (stanza.Words.Count < 2 || stanza.Words[1] != Version)
            throw new SeguroException(ErrorCode.NewerSchema, $"its format is of version {(stanza.Words.Count < 2 ? "?" : stanza.Words[1])}, and this Seguro knows version {Version}", "Use a newer Seguro.");
        if (!SignatureAlgorithm.Ed25519.Verify(signer, Signed(folder, stanza.Words), stanza.Body))
            throw AgeHeader.Bad("its manifest does not have the signature of this harbor's host: it was changed, or is another ship's");
        if (stanza.Words is not [_, _, var kind, var first, var last, var before, var after, var time]
            || kind.Any(char.IsAsciiLetterUpper) || !Enum.TryParse(kind, ignoreCase: true, out ManifestKind known) || !Enum.IsDefined(known) || char.IsAsciiDigit(kind[0])
            || !TryNumber(first, out EventNumber from) || !TryNumber(last, out EventNumber to) || to < from
            || AgeX25519.Decode(before) is not { Length: Chain.Size } chainBefore || AgeX25519.Decode(after) is not { Length: Chain.Size } chainAfter
            || !DateTimeOffset.TryParseExact(time, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at)
            || (known is ManifestKind.Segment && from == EventNumber.None))
        {
            throw AgeHeader.Bad("its manifest can't be read");
        }
        return new Manifest(known, from, to, new Chain(chainBefore), new Chain(chainAfter), at);
    }

    private string[] Words() =>
    [
        StanzaType, Version, Kind.ToString().ToLowerInvariant(), First.ToString(), Last.ToString(),
        AgeX25519.Encode(Before.ToArray()), AgeX25519.Encode(After.ToArray()), Time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture),
    ];

    private static byte[] Signed(string folder, IReadOnlyList<string> words) => Encoding.ASCII.GetBytes($"{folder}\n{string.Join(' ', words)}");

    private static bool TryNumber(string text, out EventNumber number)
    {
        bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value);
        number = new EventNumber(value);
        return isNumber && number.ToString() == text;
    }
}
