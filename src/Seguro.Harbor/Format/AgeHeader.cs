using System.Security.Cryptography;
using System.Text;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>The header of an age v1 file, taken apart. Bytes of any kind may come: whatever is not a header is refused within 64 KiB.</summary>
internal sealed class AgeHeader
{
    private const string Version = "age-encryption.org/v1";
    private const int LongestHeader = 64 << 10;
    private const int Columns = 64;
    private readonly byte[] _authenticated;
    private readonly byte[] _mac;

    private AgeHeader(List<AgeStanza> stanzas, byte[] authenticated, byte[] mac)
    {
        Stanzas = stanzas;
        _authenticated = authenticated;
        _mac = mac;
    }

    public IReadOnlyList<AgeStanza> Stanzas { get; }

    /// <summary>Writes a header and gives the file's key.</summary>
    public static byte[] Write(Stream target, IReadOnlyList<AgeRecipient> recipients, AgeStanza? first)
    {
        byte[] fileKey = RandomNumberGenerator.GetBytes(AgeX25519.FileKeySize);
        Write(target, recipients, first is null ? [] : [first], fileKey);
        return fileKey;
    }

    /// <summary>Writes this header for other recipients: the file's key, and so all that follows the header, stay as they are.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="recipients">Who can open it then, and nobody else.</param>
    /// <param name="fileKey">What <see cref="Unwrap"/> gave.</param>
    public void WriteFor(Stream target, IReadOnlyList<AgeRecipient> recipients, byte[] fileKey) =>
        Write(target, recipients, Stanzas.Where(static stanza => stanza.Words[0] != AgeX25519.StanzaType), fileKey);

    /// <summary>Reads a header, to its end and not a byte further.</summary>
    /// <param name="source">A buffered stream: it is read byte by byte.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>.</exception>
    public static AgeHeader Read(Stream source)
    {
        MemoryStream all = new();
        if (ReadLine(source, all) != Version)
            throw Bad("it does not begin as age's files do");
        List<AgeStanza> stanzas = [];
        while (true)
        {
            long start = all.Length;
            string line = ReadLine(source, all);
            if (line.StartsWith("--- ", StringComparison.Ordinal))
            {
                byte[] mac = AgeX25519.Decode(line[4..]) is { Length: SHA256.HashSizeInBytes } bytes ? bytes : throw Bad("its header has no MAC");
                return new AgeHeader(stanzas, all.ToArray()[..(int)(start + 3)], mac);
            }
            string[] words = line.StartsWith("-> ", StringComparison.Ordinal) ? line[3..].Split(' ') : throw Bad("its header has a line that is no stanza");
            if (words.Any(static word => word.Length == 0))
                throw Bad("its header has an empty word");
            StringBuilder body = new();
            string part;
            do
            {
                part = ReadLine(source, all);
                body.Append(part.Length <= Columns ? part : throw Bad("its header has a long line"));
            }
            while (part.Length == Columns);
            stanzas.Add(new AgeStanza(words, AgeX25519.Decode(body.ToString()) ?? throw Bad("its header has a body that is not base64")));
        }
    }

    /// <summary>The file's key.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.WrongIdentity"/>: it is for others; <see cref="ErrorCode.Corrupt"/>: the header is not what its writer wrote.</exception>
    public byte[] Unwrap(IReadOnlyList<AgeIdentity> identities)
    {
        foreach (AgeStanza stanza in Stanzas)
        {
            foreach (AgeIdentity identity in identities)
            {
                if (identity.Unwrap(stanza) is not { } fileKey)
                    continue;
                return CryptographicOperations.FixedTimeEquals(AgeX25519.HeaderMac(fileKey, _authenticated), _mac) ? fileKey : throw Bad("its header does not match its MAC");
            }
        }
        throw new SeguroException(ErrorCode.WrongIdentity, "no identity that was given opens it", "Use the owner's identity file of this harbor, or that of another of its recipients. A damaged header reads the same.");
    }

    public static SeguroException Bad(string how) => new(ErrorCode.Corrupt, how, "Take it from another target.");

    private static void Write(Stream target, IReadOnlyList<AgeRecipient> recipients, IEnumerable<AgeStanza> before, byte[] fileKey)
    {
        StringBuilder header = new(Version + "\n");
        foreach (AgeStanza stanza in before)
            stanza.WriteTo(header);
        foreach (AgeRecipient recipient in recipients)
        {
            (string argument, byte[] body) = recipient.Wrap(fileKey);
            new AgeStanza([AgeX25519.StanzaType, argument], body).WriteTo(header);
        }
        header.Append("---");
        byte[] authenticated = Encoding.ASCII.GetBytes(header.ToString());
        target.Write(authenticated);
        target.Write(Encoding.ASCII.GetBytes($" {AgeX25519.Encode(AgeX25519.HeaderMac(fileKey, authenticated))}\n"));
    }

    private static string ReadLine(Stream source, MemoryStream all)
    {
        StringBuilder line = new();
        while (true)
        {
            int next = source.ReadByte();
            if (next < 0 || all.Length >= LongestHeader)
                throw Bad(next < 0 ? "it ends within its header" : "its header is too long");
            all.WriteByte((byte)next);
            if (next == '\n')
                return line.ToString();
            line.Append(next is >= ' ' and <= '~' ? (char)next : throw Bad("its header is not text"));
        }
    }
}
