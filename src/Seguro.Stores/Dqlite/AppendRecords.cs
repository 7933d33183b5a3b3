using System.Text;
using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>
/// A group's events as one blob that SQL can take apart: for each event 96 bytes: its size, the sum of the sizes up to and with it, where its fragment 0
/// begins in the blob of fragments, its length there, each as 16 decimal digits; then its chain.
/// </summary>
/// <remarks>Digits, because SQLite reads a number out of a text but not out of eight bytes.</remarks>
static class AppendRecords
{
    private const int Digits = 16;
    private const int RecordSize = (4 * Digits) + Chain.Size;

    /// <summary>Makes the blob; also says how many bytes the fragments 0 have, and how many events have more than their fragment 0.</summary>
    public static byte[] Make(IReadOnlyList<NewEvent> events, out long inline, out int staged)
    {
        byte[] records = new byte[events.Count * RecordSize];
        long sizes = 0;
        inline = 0;
        staged = 0;
        for (int i = 0; i < events.Count; i++)
        {
            NewEvent added = events[i];
            Span<byte> record = records.AsSpan(i * RecordSize, RecordSize);
            sizes += added.Size;
            Number(record, added.Size);
            Number(record[Digits..], sizes);
            Number(record[(2 * Digits)..], inline);
            Number(record[(3 * Digits)..], added.Bytes.Length);
            added.Chain.CopyTo(record[(4 * Digits)..]);
            inline += added.Bytes.Length;
            if (added.Size > added.Bytes.Length)
                staged++;
        }
        return records;
    }

    private static void Number(Span<byte> place, long value) => Encoding.ASCII.GetBytes($"{value:D16}", place[..Digits]);
}
