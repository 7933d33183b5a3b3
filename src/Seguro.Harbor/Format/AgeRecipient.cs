using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>Who can open an age file: an X25519 public key, <c>age1…</c> in text.</summary>
public sealed class AgeRecipient
{
    private const string Prefix = "age";

    internal AgeRecipient(byte[] key) => Key = key;

    /// <summary>The 32 bytes.</summary>
    internal byte[] Key { get; }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static AgeRecipient Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Bech32.Read(Prefix, text) is { Length: AgeX25519.KeySize } key
            ? new AgeRecipient(key)
            : throw new SeguroException(ErrorCode.BadValue, $"'{text[..Math.Min(text.Length, 80)]}' is not a recipient of age's", "A recipient begins with age1: `seguro harbor key new` and `age-keygen` print it.");
    }

    /// <inheritdoc/>
    public override string ToString() => Bech32.Write(Prefix, Key);

    /// <summary>The stanza that gives this recipient a file's key: its first line's words after the type, and its body.</summary>
    internal (string Argument, byte[] Body) Wrap(ReadOnlySpan<byte> fileKey)
    {
        using Key ephemeral = NSec.Cryptography.Key.Create(KeyAgreementAlgorithm.X25519);
        byte[] share = ephemeral.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        byte[] wrapKey = AgeX25519.WrapKey(ephemeral, Key, share, Key)
            ?? throw new SeguroException(ErrorCode.BadValue, $"the recipient {this} is no key that can be encrypted to", "Make a new identity.");
        return (AgeX25519.Encode(share), AgeX25519.Seal(wrapKey, fileKey));
    }
}
