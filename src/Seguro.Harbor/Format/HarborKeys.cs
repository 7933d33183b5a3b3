using System.Globalization;
using System.Text;
using NSec.Cryptography;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Format;

/// <summary>The two files that <c>seguro harbor key new</c> makes: the owner's, which opens everything, and the host's, which opens nothing.</summary>
public static class HarborKeys
{
    internal const string Signer = "# signer: ";
    internal const string SigningKey = "# signing-key: ";
    private const int LongestFile = 64 << 10;

    /// <summary>Makes both, durably, for their owner's eyes only (mode 0600).</summary>
    /// <param name="path">What the names begin with: <c>PATH.identity</c>, <c>PATH.harbor</c>.</param>
    /// <param name="more">Further recipients: a second owner, an emergency key.</param>
    /// <returns>The owner's recipient.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.AlreadyExists"/>: a key is never overwritten; <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.DiskFull"/>.</exception>
    public static AgeRecipient Create(string path, IReadOnlyList<AgeRecipient> more)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(more);
        foreach (string file in new[] { OwnerFile(path), HostFile(path) }.Where(File.Exists))
            throw new SeguroException(ErrorCode.AlreadyExists, $"{file} exists already", "Choose another name: what was encrypted to a key is lost with it.");
        using AgeIdentity identity = AgeIdentity.Create();
        using Key signer = Key.Create(SignatureAlgorithm.Ed25519, AgeX25519.Exportable);
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        DurableFile.Write(
            OwnerFile(path),
            Encoding.ASCII.GetBytes($"# seguro harbor identity\n# recipient: {identity.Recipient}\n{Signer}{Hex(signer.PublicKey.Export(KeyBlobFormat.RawPublicKey))}\n{identity.ToSecretText()}\n"),
            Own);
        DurableFile.Write(
            HostFile(path),
            Encoding.ASCII.GetBytes($"# seguro harbor host key\n{SigningKey}{Hex(signer.Export(KeyBlobFormat.RawPrivateKey))}\n{string.Concat(more.Prepend(identity.Recipient).Select(static one => $"{one}\n"))}"),
            Own);
        return identity.Recipient;
    }

    /// <summary>The owner's file.</summary>
    public static string OwnerFile(string path) => $"{path}.identity";

    /// <summary>The host's file.</summary>
    public static string HostFile(string path) => $"{path}.harbor";

    /// <summary>The lines of a key's file, without ends and spaces around.</summary>
    internal static string[] ReadLines(string path, string what)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new SeguroException(ErrorCode.NotFound, $"there is no file {path} with a harbor's {what}", "Check the path, or make the keys with `seguro harbor key new`.");
            SecretFile.RefuseShared(path, what);
            return file.Length <= LongestFile
                ? [.. File.ReadAllLines(path).Select(static line => line.Trim())]
                : throw new SeguroException(ErrorCode.BadValue, $"{path} has {file.Length.ToString("N0", CultureInfo.InvariantCulture)} bytes and is no key's file", "Check the path.");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    /// <summary>The 32 bytes of a comment.</summary>
    internal static byte[] Comment(string path, string[] lines, string mark)
    {
        string digits = lines.FirstOrDefault(line => line.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..] ?? "";
        byte[] bytes = new byte[AgeX25519.KeySize];
        return digits.Length == 2 * bytes.Length && Convert.FromHexString(digits, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? bytes
            : throw new SeguroException(ErrorCode.BadValue, $"{path} has no line '{mark}' with 64 hexadecimal digits", "Use the file that `seguro harbor key new` made.");
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
