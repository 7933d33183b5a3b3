using System.Buffers.Binary;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Files;
using Seguro.Piers;

namespace Seguro.Vere.Running;

/// <summary>
/// The events that a worker of protocol 1 has computed and its king may not have logged yet (vere-facts.md §5b): a file in the member's folder,
/// <c>vere.pending</c>, so that what the member tells of is on
/// its disk, as with any other ship. What the king did not get to is put into the log from here.
/// </summary>
/// <remarks>
/// Each record is the number (u64), the length (u32), SHA-256 over both and the payload, and the payload; numbers are little-endian. A record that is torn, and what comes after it, counts as never
/// written. Durable when <see cref="Append"/> returns. For one thread at a time.
/// </remarks>
public sealed class PendingEvents : IDisposable
{
    /// <summary>The file's name.</summary>
    public const string FileName = "vere.pending";

    private const int Head = sizeof(ulong) + sizeof(uint);
    private const int HeaderBytes = Head + SHA256.HashSizeInBytes;

    private readonly string _path;
    private readonly FileStream _file;

    private PendingEvents(string path, FileStream file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Bytes that it has.</summary>
    public long Length => _file.Length;

    /// <summary>Begins with none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static PendingEvents Create(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            });
            FolderSync.Flush(folder);
            return new PendingEvents(path, file);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, refused);
        }
    }

    /// <summary>All that it has, in the order in which it was added; the first record that is torn ends it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static IReadOnlyList<PierEvent> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        List<PierEvent> events = [];
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] header = new byte[HeaderBytes];
            while (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes)
            {
                EventNumber number = new(BinaryPrimitives.ReadUInt64LittleEndian(header));
                uint length = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(sizeof(ulong)));
                if (length > file.Length - file.Position)
                    break;
                byte[] payload = new byte[length];
                file.ReadExactly(payload);
                if (!Digest(header.AsSpan(0, Head), payload).AsSpan().SequenceEqual(header.AsSpan(Head)))
                    break;
                events.Add(new PierEvent(number, payload));
            }
            return events;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return events;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    /// <summary>Takes the file away: all that it had is in the log.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static void Remove(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            if (!File.Exists(path))
                return;
            File.Delete(path);
            FolderSync.Flush(folder);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(path, refused);
        }
    }

    /// <summary>Adds events, durably.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public void Append(IReadOnlyList<PierEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        try
        {
            byte[] header = new byte[HeaderBytes];
            foreach (PierEvent added in events)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(header, added.Number.Value);
                BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(sizeof(ulong)), (uint)added.Payload.Length);
                Digest(header.AsSpan(0, Head), added.Payload.Span).CopyTo(header, Head);
                _file.Write(header);
                _file.Write(added.Payload.Span);
            }
            _file.Flush(flushToDisk: true);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(_path, failed);
        }
    }

    /// <summary>The log has all of them: begins anew.</summary>
    public void Clear()
    {
        _file.SetLength(0);
        _file.Position = 0;
    }

    /// <summary>Closes the file; what is in it stays.</summary>
    public void Dispose() => _file.Dispose();

    private static byte[] Digest(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head);
        hash.AppendData(payload);
        return hash.GetHashAndReset();
    }
}
