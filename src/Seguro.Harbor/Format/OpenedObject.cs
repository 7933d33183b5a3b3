using System.Buffers.Binary;
using System.Security.Cryptography;
using Seguro.Core;
using ZstdSharp;

namespace Seguro.Harbor.Format;

/// <summary>An object that was decrypted, decompressed and found to be what its manifest says, to the last byte: nothing of it is used before. Dispose of it.</summary>
internal sealed class OpenedObject : IDisposable
{
    /// <summary>The head of an event's record: number, length.</summary>
    public const int RecordHead = sizeof(ulong) + sizeof(ulong);

    /// <summary>The most bytes of one event: what a pier can hold.</summary>
    private const ulong LargestEvent = uint.MaxValue;
    private const int Piece = 128 << 10;

    private OpenedObject(Manifest manifest, Stream content)
    {
        Manifest = manifest;
        Content = content;
    }

    public Manifest Manifest { get; }

    /// <summary>The content, at its beginning.</summary>
    public Stream Content { get; }

    /// <summary>Opens and checks an object.</summary>
    /// <param name="source">Its bytes; the caller disposes of it.</param>
    /// <param name="size">How many there are, about.</param>
    /// <param name="owner">Opens it.</param>
    /// <param name="folder">The ship's folder, to which the signature is bound.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>, <see cref="ErrorCode.WrongIdentity"/>, <see cref="ErrorCode.NewerSchema"/>.</exception>
    public static OpenedObject Open(Stream source, long size, OwnerKey owner, string folder, CancellationToken cancel)
    {
        BufferedStream buffered = new(source, Piece);
        AgeHeader header = AgeHeader.Read(buffered);
        Manifest manifest = Manifest.Read(header, folder, owner.Signer);
        using AgePayload.Reader decrypted = new(buffered, header.Unwrap(owner.Identities));
        Stream content = Scratch.For(Math.Clamp(size * 4, Piece, Scratch.MostInMemory));
        try
        {
            using (DecompressionStream plain = new(decrypted, Piece, checkEndOfStream: true, leaveOpen: true))
            {
                if (manifest.Kind is ManifestKind.Segment)
                    ReadRecords(plain, ref content, manifest, cancel);
                else
                    ReadFile(plain, ref content, manifest, cancel);
            }
            if (decrypted.ReadByte() >= 0)
                throw AgeHeader.Bad("there is something behind its content");
            content.Position = 0;
            return new OpenedObject(manifest, content);
        }
        catch (Exception bad) when (bad is ZstdException or EndOfStreamException)
        {
            content.Dispose();
            throw AgeHeader.Bad($"its content can't be decompressed: {bad.Message}");
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    public void Dispose() => Content.Dispose();

    private static void ReadRecords(Stream plain, ref Stream content, Manifest manifest, CancellationToken cancel)
    {
        byte[] piece = new byte[Piece];
        using ChainHasher hasher = new();
        Position reached = manifest.Start;
        while (reached.Number < manifest.Last)
        {
            cancel.ThrowIfCancellationRequested();
            plain.ReadExactly(piece.AsSpan(0, RecordHead));
            EventNumber number = new(BinaryPrimitives.ReadUInt64LittleEndian(piece));
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(piece.AsSpan(sizeof(ulong)));
            if (number != reached.Number.Next || length > LargestEvent)
                throw AgeHeader.Bad($"where event {reached.Number.Next} should be, there is number {number} with {length} bytes");
            Append(ref content, piece.AsSpan(0, RecordHead));
            hasher.Begin(reached.Chain, number, (long)length);
            for (long left = (long)length; left > 0;)
            {
                Span<byte> part = piece.AsSpan(0, (int)Math.Min(left, Piece));
                plain.ReadExactly(part);
                hasher.Add(part);
                Append(ref content, part);
                left -= part.Length;
            }
            reached = new Position(number, hasher.End());
        }
        if (reached != manifest.End)
            throw AgeHeader.Bad("its events do not have the chain that its manifest says");
        if (plain.ReadByte() >= 0)
            throw AgeHeader.Bad("it has more events than its manifest says");
    }

    private static void ReadFile(Stream plain, ref Stream content, Manifest manifest, CancellationToken cancel)
    {
        byte[] piece = new byte[Piece];
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int read; (read = plain.Read(piece)) > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            hash.AppendData(piece, 0, read);
            Append(ref content, piece.AsSpan(0, read));
        }
        if (new Chain(hash.GetHashAndReset()) != manifest.After)
            throw AgeHeader.Bad("its content does not have the hash that its manifest says");
    }

    /// <summary>Adds bytes; what grows beyond the memory it may take moves to a file.</summary>
    private static void Append(ref Stream content, ReadOnlySpan<byte> bytes)
    {
        if (content is MemoryStream inMemory && inMemory.Length + bytes.Length > Scratch.MostInMemory)
        {
            Stream file = Scratch.For(long.MaxValue);
            inMemory.WriteTo(file);
            inMemory.Dispose();
            content = file;
        }
        content.Write(bytes);
    }
}
