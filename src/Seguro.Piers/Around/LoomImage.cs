using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What the head of a snapshot of vere's says (vere-facts.md §1.4): which layout of memory it has, and after which event it stands.</summary>
/// <remarks>
/// <c>image.bin</c> (4.0 and later) begins with the layout (u64), bits of parameters (u64; bit 0: 64-bit words) and the event (u64). Before, memory grew from both
/// ends, and <c>south.bin</c> has its upper pages, the topmost first: there the last 24 bytes of the first page are the event (u64), three nouns, the layout (u32).
/// Read in vere's sources at 4.6 and 3.5; no <c>south.bin</c> of a real ship was at hand.
/// </remarks>
/// <param name="File">Its path, relative to the pier.</param>
/// <param name="Layout">The version of the layout: 1 to 4 in <c>south.bin</c>, 5 in <c>image.bin</c>.</param>
/// <param name="IsWide">Its words have 64 bits.</param>
/// <param name="Event">The event after which it stands.</param>
public sealed record LoomImage(string File, ulong Layout, bool IsWide, EventNumber Event)
{
    /// <summary>The newest layout that is known: that of vere 4.</summary>
    public const ulong NewestLayout = 5;

    /// <summary>The size of a page of a snapshot, in bytes.</summary>
    internal const int PageSize = 1 << 14;

    private const string ImageName = "image.bin";
    private const string SouthName = "south.bin";
    private const int ImageHead = 24;
    private const int SouthHead = 24;

    /// <summary>Reads the heads of a folder's snapshots; none where it has none that was ever saved.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="folder">The folder, relative to it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>.</exception>
    public static IEnumerable<LoomImage> ReadFolder(string pier, string folder)
    {
        string image = Path.Combine(folder, ImageName);
        if (FileStart.Read(Path.Combine(pier, image), 0, ImageHead) is { } head && ReadHead(image, head) is { } modern)
            yield return modern;
        string south = Path.Combine(folder, SouthName);
        if (FileStart.Read(Path.Combine(pier, south), PageSize - SouthHead, SouthHead) is { } end && ReadTop(south, end) is { } old)
            yield return old;
    }

    /// <summary>What the first bytes of a page 0 of <c>image.bin</c> say; <see langword="null"/> where nothing was ever written there.</summary>
    internal static LoomImage? ReadHead(string file, ReadOnlySpan<byte> head)
    {
        ulong layout = BinaryPrimitives.ReadUInt64LittleEndian(head);
        bool isWide = (head[8] & 1) != 0;
        return layout == 0 ? null : new LoomImage(file, layout, isWide, new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(head[16..])));
    }

    /// <summary>What the last bytes of the topmost page of memory say, before 4.0.</summary>
    internal static LoomImage? ReadTop(string file, ReadOnlySpan<byte> end)
    {
        uint layout = BinaryPrimitives.ReadUInt32LittleEndian(end[20..]);
        return layout == 0 ? null : new LoomImage(file, layout, false, new EventNumber(BinaryPrimitives.ReadUInt64LittleEndian(end)));
    }
}
