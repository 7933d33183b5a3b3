using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>What opens an age file: an X25519 private key, <c>AGE-SECRET-KEY-1…</c> in text. Dispose of it to have its bytes wiped.</summary>
public sealed class AgeIdentity : IDisposable
{
    private const string Prefix = "age-secret-key-";
    private readonly Key _key;

    private AgeIdentity(Key key)
    {
        _key = key;
        Recipient = new AgeRecipient(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>Its public half.</summary>
    public AgeRecipient Recipient { get; }

    /// <summary>A new one, from the system's randomness.</summary>
    public static AgeIdentity Create() => new(Key.Create(KeyAgreementAlgorithm.X25519, AgeX25519.Exportable));

    /// <summary>Reads the text form; <see langword="null"/> where it is not that.</summary>
    public static AgeIdentity? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Bech32.Read(Prefix, text) is { Length: AgeX25519.KeySize } key
            ? new AgeIdentity(Key.Import(KeyAgreementAlgorithm.X25519, key, KeyBlobFormat.RawPrivateKey, AgeX25519.Exportable))
            : null;
    }

    /// <summary>The secret in text. Not <c>ToString</c>, lest it is printed by mistake.</summary>
    public string ToSecretText() => Bech32.Write(Prefix, _key.Export(KeyBlobFormat.RawPrivateKey)).ToUpperInvariant();

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    /// <summary>A file's key from a recipient's stanza; <see langword="null"/> where the stanza is another's.</summary>
    internal byte[]? Unwrap(AgeStanza stanza)
    {
        if (stanza.Words is not [AgeX25519.StanzaType, var argument] || stanza.Body.Length != AgeX25519.WrappedSize || AgeX25519.Decode(argument) is not { Length: AgeX25519.KeySize } share)
            return null;
        return AgeX25519.WrapKey(_key, share, share, Recipient.Key) is { } wrapKey ? AgeX25519.Open(wrapKey, stanza.Body) : null;
    }
}
