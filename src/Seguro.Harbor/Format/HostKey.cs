using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>What a host has: the recipients that it encrypts to, and the key that it signs with. Opens nothing. Dispose of it to have the key wiped.</summary>
public sealed class HostKey : IDisposable
{
    private HostKey(string path, IReadOnlyList<AgeRecipient> recipients, Key signer)
    {
        Path = path;
        Recipients = recipients;
        Signer = signer;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Who can open what this host writes.</summary>
    public IReadOnlyList<AgeRecipient> Recipients { get; }

    internal Key Signer { get; }

    /// <summary>Reads <c>NAME.harbor</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ExposedSecret"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static HostKey Read(string path)
    {
        string[] lines = HarborKeys.ReadLines(path, "host key");
        byte[] seed = HarborKeys.Comment(path, lines, HarborKeys.SigningKey);
        AgeRecipient[] recipients = [.. lines.Where(static line => line.Length > 0 && line[0] != '#').Select(AgeRecipient.Parse)];
        return recipients.Length > 0
            ? new HostKey(System.IO.Path.GetFullPath(path), recipients, Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey))
            : throw new SeguroException(ErrorCode.BadValue, $"{path} names no recipient", "Use the file that `seguro harbor key new` made: without a recipient nobody could open the backup.");
    }

    /// <inheritdoc/>
    public void Dispose() => Signer.Dispose();
}
