using System.Buffers.Binary;
using System.Security.Cryptography;
using Seguro.Files;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>
/// The snapshot in <c>.urb/chk</c>. Of vere's format only what others read of it is here: <c>image.bin</c> begins with layout, width and event (before 4.0: <c>south.bin</c> is one page that ends with
/// event and layout, vere-facts.md §1.4), and is whole pages of 16 KiB. What follows is no loom but Seguro's own: the length of a jam, its SHA-256, the jam of <see cref="WorkerShip.State"/>.
/// </summary>
/// <remarks>It is written aside and renamed, where vere writes a patch and applies it: as with vere, a crash leaves the old one or the new one. Durable on return.</remarks>
static class PierImage
{
    private const int Page = 1 << 14;
    private const string North = "north.bin";
    private const string South = "south.bin";
    private const string Image = "image.bin";
    private const ulong Layout = 5;
    private const uint OldLayout = 4;
    private const int Header = sizeof(long) + SHA256.HashSizeInBytes + sizeof(ulong);

    /// <summary>The files of a snapshot, those that are whole only together the last one last.</summary>
    public static IReadOnlyList<string> Names => StandInVersion.IsThree ? [North, South] : [Image];

    /// <summary>The folder of the live one.</summary>
    public static string FolderOf(string pier) => Path.Combine(pier, ".urb", "chk");

    /// <summary>Saves a state.</summary>
    public static void Save(string pier, ulong number, Noun state)
    {
        string folder = FolderOf(pier);
        Directory.CreateDirectory(folder);
        byte[] jam = Jam.ToBytes(state);
        byte[] body = new byte[(Header + jam.Length + Page - 1) / Page * Page];
        BinaryPrimitives.WriteInt64LittleEndian(body, jam.Length);
        SHA256.HashData(jam, body.AsSpan(sizeof(long)));
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(Header - sizeof(ulong)), number);
        jam.CopyTo(body.AsSpan(Header));
        byte[] head = new byte[Page];
        if (StandInVersion.IsThree)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(Page - 24), number);
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(Page - 4), OldLayout);
            Write(Path.Combine(folder, North), body);
            Write(Path.Combine(folder, South), head);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(head, Layout);
            BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(16), number);
            Write(Path.Combine(folder, Image), [.. head, .. body]);
        }
        FolderSync.Flush(folder);
    }

    /// <summary>Reads the snapshot of a folder into a ship; one that is not there is that of event 0.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="ship">The ship.</param>
    /// <param name="isOld">Is it one of a vere before 4.0?</param>
    /// <exception cref="VereExit">It is damaged, or none of this program's.</exception>
    public static void Load(string folder, WorkerShip ship, bool isOld)
    {
        string file = Path.Combine(folder, isOld ? North : Image);
        if (!File.Exists(file))
            return;
        byte[] bytes = File.ReadAllBytes(file);
        ReadOnlySpan<byte> body = bytes.AsSpan(Math.Min(bytes.Length, isOld ? 0 : Page));
        long length = body.Length < Header ? -1 : BinaryPrimitives.ReadInt64LittleEndian(body);
        if (length <= 0 || length > body.Length - Header)
            throw VereExit.Failed($"boot: {file} is no snapshot of this program's");
        ReadOnlySpan<byte> jam = body.Slice(Header, (int)length);
        if (!SHA256.HashData(jam).AsSpan().SequenceEqual(body.Slice(sizeof(long), SHA256.HashSizeInBytes)))
            throw VereExit.Failed($"boot: {file} is damaged");
        ship.Restore(BinaryPrimitives.ReadUInt64LittleEndian(body[(Header - sizeof(ulong))..]), Cue.From(jam, CueLimits.Default with { Bytes = Array.MaxLength }));
    }

    /// <summary>Deletes what a vere before 4.0 left.</summary>
    public static void DeleteOld(string folder)
    {
        File.Delete(Path.Combine(folder, North));
        File.Delete(Path.Combine(folder, South));
    }

    /// <summary>Copies the snapshot of one folder to another; where there is none, removes the other's.</summary>
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string name in Names)
        {
            if (File.Exists(Path.Combine(from, name)))
                Write(Path.Combine(to, name), File.ReadAllBytes(Path.Combine(from, name)));
            else
                File.Delete(Path.Combine(to, name));
        }
        FolderSync.Flush(to);
    }

    private static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using (FileStream file = new(path + ".tmp", FileMode.Create, FileAccess.Write))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
