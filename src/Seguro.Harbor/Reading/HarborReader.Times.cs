using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Reading;

public sealed partial class HarborReader
{
    private const int LongestTimed = 1 << 20;

    /// <summary>The last event that is not of a later time: by the time in the event where that is vere's, else by its segment's.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BeyondHead"/>: all are of a later time; as reading.</exception>
    public async Task<EventNumber> FindAsync(DateTimeOffset time, CancellationToken cancel)
    {
        HarborCopy copy = Useful.First();
        IReadOnlyList<SegmentObject> path = copy.Index.Path;
        int low = 0, high = path.Count; // the first segment that ends later
        while (low < high)
        {
            int middle = (low + high) / 2;
            if ((await copy.Folder.ReadManifestAsync(path[middle].Name, _owner.Signer, cancel)).Time <= time)
                low = middle + 1;
            else
                high = middle;
        }
        EventNumber last = low < path.Count ? path[low].First.Previous : Head.Number;
        if (low < path.Count)
        {
            using OpenedObject opened = await OpenElsewhereAsync(path[low].First, null, cancel);
            last = LastUpTo(opened, time) ?? last;
        }
        return last > Base.Number
            ? last
            : throw new SeguroException(ErrorCode.BeyondHead, $"all events of {Ship} in the harbors are of after {time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC", "Name a later time; `seguro harbor list` says what there is.");
    }

    private static EventNumber? LastUpTo(OpenedObject opened, DateTimeOffset time)
    {
        byte[] head = new byte[OpenedObject.RecordHead];
        EventNumber? last = null;
        for (EventNumber number = opened.Manifest.First; number <= opened.Manifest.Last; number = number.Next)
        {
            opened.Content.ReadExactly(head);
            long size = (long)BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(sizeof(ulong)));
            DateTimeOffset? at = null;
            if (size <= LongestTimed)
            {
                byte[] payload = new byte[size];
                opened.Content.ReadExactly(payload);
                at = EventTime.Of(payload);
            }
            else
            {
                opened.Content.Position += size;
            }
            if (at > time)
                return last;
            if (at is not null)
                last = number;
        }
        return last;
    }
}
