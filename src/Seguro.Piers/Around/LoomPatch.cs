using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>
/// A snapshot that vere was saving, not yet applied: <c>control.bin</c> (which pages) and <c>memory.bin</c> (their content). vere applies it when it starts, if it is whole.
/// </summary>
/// <remarks>
/// <c>control.bin</c> is a head of 16 bytes, whose last word (u32) counts the pages, then for each page its number (u32) and a checksum (u32), in the order of <c>memory.bin</c>. The
/// page with the event is number 0 in version 2 (4.0 and later); in version 1 the only one that is not below the count of lower pages, the second word. Read in vere's sources.
/// </remarks>
/// <param name="Image">What its head says; <see langword="null"/> where that can't be told: it was torn, or is of a version that Seguro does not know.</param>
/// <param name="IsTorn">It is not all there: vere drops it, and has not begun to apply it.</param>
internal sealed record LoomPatch(LoomImage? Image, bool IsTorn = false)
{
    /// <summary>The event after which it stands, where that can be told.</summary>
    public EventNumber? Event => Image?.Event;

    private const int HeadSize = 16;
    private const int LineSize = 8;
    private const int MostPages = 1 << 22;

    /// <summary>Where they lie, relative to the pier.</summary>
    public const string Folder = ".urb/chk";

    private const string ControlName = "control.bin";
    private const string MemoryName = "memory.bin";

    /// <summary>Finds a pending patch; <see langword="null"/> where there is none.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static LoomPatch? Find(string pier)
    {
        string control = Path.Combine(pier, Folder, ControlName);
        string memory = Path.Combine(pier, Folder, MemoryName);
        if (!Presence.IsFile(control) && !Presence.IsFile(memory))
            return null;
        if (FileStart.Read(control, 0, HeadSize) is not { } head)
            return new LoomPatch(Image: null, IsTorn: true);
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(head);
        uint lower = version == 1 ? BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)) : 0;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(12));
        if (version is < 1 or > 2 || count > MostPages)
            return new LoomPatch(Image: null);
        bool hasPages = count == 0 || FileStart.Read(memory, ((long)count * LoomImage.PageSize) - 1, 1) is not null;
        if (FileStart.Read(control, HeadSize, (int)count * LineSize) is not { } lines || !hasPages)
            return new LoomPatch(Image: null, IsTorn: true);
        for (int place = 0; place < count; place++)
        {
            uint page = BinaryPrimitives.ReadUInt32LittleEndian(lines.AsSpan(place * LineSize));
            if (version == 1 ? page >= lower : page == 0)
                return new LoomPatch(HeadOf(version, FileStart.Read(memory, (long)place * LoomImage.PageSize, LoomImage.PageSize)));
        }
        return new LoomPatch(Image: null);
    }

    private static LoomImage? HeadOf(uint version, byte[]? page)
    {
        const string File = $"{Folder}/{MemoryName}";
        return page is null ? null : version == 1 ? LoomImage.ReadTop(File, page.AsSpan(LoomImage.PageSize - 24)) : LoomImage.ReadHead(File, page);
    }
}
