using System.Security.Cryptography;
using NSec.Cryptography;
using ChaCha = System.Security.Cryptography.ChaCha20Poly1305;

namespace Seguro.Harbor.Format;

/// <summary>The arithmetic of age v1's X25519 stanzas (age-encryption.org/v1): sizes, labels, wrapping.</summary>
internal static class AgeX25519
{
    public const string StanzaType = "X25519";
    public const int KeySize = 32;
    public const int FileKeySize = 16;
    public const int TagSize = 16;
    public const int WrappedSize = FileKeySize + TagSize;
    private const int NonceSize = 12;

    public static KeyCreationParameters Exportable => new() { ExportPolicy = KeyExportPolicies.AllowPlaintextExport };

    /// <summary>The key that wraps a file's key; <see langword="null"/> where the other side is no proper point.</summary>
    public static byte[]? WrapKey(Key own, byte[] other, byte[] share, byte[] recipient)
    {
        if (!PublicKey.TryImport(KeyAgreementAlgorithm.X25519, other, KeyBlobFormat.RawPublicKey, out PublicKey? point) || point is null)
            return null;
        using SharedSecret? secret = KeyAgreementAlgorithm.X25519.Agree(own, point, new SharedSecretCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        if (secret is null)
            return null;
        byte[] shared = secret.Export(SharedSecretBlobFormat.RawSharedSecret);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, KeySize, [.. share, .. recipient], "age-encryption.org/v1/X25519"u8.ToArray());
    }

    public static byte[] Seal(byte[] wrapKey, ReadOnlySpan<byte> fileKey)
    {
        byte[] body = new byte[WrappedSize];
        using ChaCha cipher = new(wrapKey);
        cipher.Encrypt(stackalloc byte[NonceSize], fileKey, body.AsSpan(0, FileKeySize), body.AsSpan(FileKeySize));
        return body;
    }

    public static byte[]? Open(byte[] wrapKey, byte[] body)
    {
        byte[] fileKey = new byte[FileKeySize];
        using ChaCha cipher = new(wrapKey);
        try
        {
            cipher.Decrypt(stackalloc byte[NonceSize], body.AsSpan(0, FileKeySize), body.AsSpan(FileKeySize), fileKey);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null; // another recipient's
        }
    }

    public static byte[] HeaderMac(byte[] fileKey, ReadOnlySpan<byte> header) =>
        HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, KeySize, [], "header"u8.ToArray()), header);

    public static byte[] PayloadKey(byte[] fileKey, byte[] nonce) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, KeySize, nonce, "payload"u8.ToArray());

    /// <summary>Base64 without its padding, as age writes it.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    /// <summary>Reads that; <see langword="null"/> where it is anything else, other forms of the same bytes included.</summary>
    public static byte[]? Decode(string text)
    {
        if (text.Length % 4 == 1 || text.Contains('=', StringComparison.Ordinal) || text.Any(char.IsWhiteSpace))
            return null;
        byte[] bytes = new byte[(text.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out int written) && Encode(bytes.AsSpan(0, written)) == text
            ? bytes[..written]
            : null;
    }
}
