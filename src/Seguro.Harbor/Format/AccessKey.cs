using System.Text;
using NSec.Cryptography;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Format;

/// <summary>
/// The key by which an owner is known to a harbor's service (<c>NAME.access</c>): it signs requests (Ed25519). It is none of age's: it opens nothing.
/// Dispose of it to have it wiped.
/// </summary>
public sealed class AccessKey : IDisposable
{
    private const string Mark = "access-key: ";
    private readonly Key _key;

    private AccessKey(Key key)
    {
        _key = key;
        PublicText = Convert.ToHexStringLower(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>What the provider is told: 64 hexadecimal digits.</summary>
    public string PublicText { get; }

    /// <summary>The file of a key.</summary>
    public static string FileOf(string path) => $"{path}.access";

    /// <summary>Makes a key, durably, for its owner's eyes only (mode 0600).</summary>
    /// <param name="path">What the name begins with: <c>PATH.access</c>.</param>
    /// <returns>Its public text.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>: a key is never overwritten; <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static string Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string file = FileOf(path);
        if (File.Exists(file))
            throw new SeguroException(ErrorCode.AlreadyExists, $"{file} exists already", "Choose another name, or go on with that one: its public key is in its second line.");
        using Key key = Key.Create(SignatureAlgorithm.Ed25519, AgeX25519.Exportable);
        string known = Convert.ToHexStringLower(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
        DurableFile.Write(
            file,
            Encoding.ASCII.GetBytes($"# seguro harbor access key\n# public: {known}\n{Mark}{Convert.ToHexStringLower(key.Export(KeyBlobFormat.RawPrivateKey))}\n"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return known;
    }

    /// <summary>Reads <c>NAME.access</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ExposedSecret"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static AccessKey Read(string path) =>
        new(Key.Import(SignatureAlgorithm.Ed25519, HarborKeys.Comment(path, HarborKeys.ReadLines(path, "access key"), Mark), KeyBlobFormat.RawPrivateKey, AgeX25519.Exportable));

    /// <summary>Says whether a text is a public key's.</summary>
    public static bool IsPublicText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Known(text) is not null;
    }

    internal static bool IsGenuine(string publicText, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
        Known(publicText) is { } key && SignatureAlgorithm.Ed25519.Verify(key, signed, signature);

    internal byte[] Sign(ReadOnlySpan<byte> text) => SignatureAlgorithm.Ed25519.Sign(_key, text);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static PublicKey? Known(string text)
    {
        byte[] bytes = new byte[AgeX25519.KeySize];
        return text.Length == 2 * bytes.Length && !text.Any(char.IsAsciiLetterUpper) && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            && PublicKey.TryImport(SignatureAlgorithm.Ed25519, bytes, KeyBlobFormat.RawPublicKey, out PublicKey? key)
            ? key
            : null;
    }
}
