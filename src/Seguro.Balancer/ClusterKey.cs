using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>The secret that members and balancer share: 32 bytes that authenticate the frames between them.</summary>
public sealed class ClusterKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    private readonly byte[] _bytes;

    /// <summary>Takes a copy of a key.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: another length.</exception>
    public ClusterKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new SeguroException(ErrorCode.BadValue, $"a cluster key has {Size} bytes, not {bytes.Length}", "Make one with: openssl rand -hex 32 > cluster.key");
        _bytes = bytes.ToArray();
    }

    /// <summary>The bytes.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a key file: 64 hexadecimal digits, white space around them allowed.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>; <see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.BadValue"/>: the file holds something else. Never says what it holds.
    /// </exception>
    public static ClusterKey Load(string path)
    {
        string text;
        try
        {
            // A key file is short: what is not stays unread.
            text = new FileInfo(path).Length <= 4096 ? File.ReadAllText(path).Trim() : "";
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SeguroException(ErrorCode.NotFound, $"there is no key file {path}", "Make one with `openssl rand -hex 32 > cluster.key`, and give the same to every member.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the key file {path} can't be read", "Check its permissions.", error);
        }
        Span<byte> bytes = stackalloc byte[Size];
        return text.Length == Size * 2 && Convert.FromHexString(text, bytes, out _, out int count) == System.Buffers.OperationStatus.Done && count == Size
            ? new ClusterKey(bytes)
            : throw new SeguroException(ErrorCode.BadValue, $"{path} is not a cluster key: it must hold {Size * 2} hexadecimal digits", "Make one with: openssl rand -hex 32 > cluster.key");
    }
}
