using ZstdSharp;

namespace Seguro.Harbor.Format;

/// <summary>Makes an object: the content, compressed, encrypted to the host's recipients, behind its manifest.</summary>
internal static class SealedObject
{
    /// <summary>zstd's own default: further levels cost much and gain little on jammed nouns.</summary>
    private const int Level = 3;
    private const int Piece = 256 << 10;

    /// <summary>Seals all of a content, read from its beginning.</summary>
    /// <param name="host">Encrypts and signs.</param>
    /// <param name="folder">The ship's folder, to which the signature is bound.</param>
    /// <param name="manifest">What the object says of itself.</param>
    /// <param name="content">The content; not disposed of.</param>
    /// <param name="pool">Gives the memory for it, where many are made; <see langword="null"/>: fresh memory.</param>
    /// <returns>The object, at its beginning; whoever gets it disposes of it.</returns>
    public static Stream Seal(HostKey host, string folder, Manifest manifest, Stream content, ScratchPool? pool = null)
    {
        content.Position = 0;
        long most = content.Length + (content.Length / 1024) + 8192;
        Stream sealedBytes = pool?.For(most) ?? Scratch.For(most);
        try
        {
            byte[] fileKey = AgeHeader.Write(sealedBytes, host.Recipients, manifest.Sign(folder, host.Signer));
            using (AgePayload.Writer encrypted = new(sealedBytes, fileKey))
            {
                using (CompressionStream compressed = new(encrypted, Level, bufferSize: 0, leaveOpen: true))
                    content.CopyTo(compressed, Piece);
                encrypted.Complete();
            }
            sealedBytes.Position = 0;
            return sealedBytes;
        }
        catch
        {
            sealedBytes.Dispose();
            throw;
        }
    }
}
