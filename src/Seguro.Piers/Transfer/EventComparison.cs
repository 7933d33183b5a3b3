using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Compares a pier's events with a log's, byte by byte, in bounded memory.</summary>
static class EventComparison
{
    /// <summary>The first event that differs; <see langword="null"/> where none does.</summary>
    /// <exception cref="SeguroException">Also <see cref="ErrorCode.Corrupt"/>: the log's own bytes do not match its chain.</exception>
    public static async ValueTask<EventNumber?> FindFirstAsync(
        Pier pier, EventLog log, LogState state, EventNumber from, EventNumber to, TransferMeter meter, CancellationToken cancel)
    {
        using PierCursor cursor = new(pier, from, to);
        await foreach (EventFragment fragment in log.StreamAsync(state, from, to, cancel))
        {
            if (fragment.Offset == 0 && (!cursor.MoveNext() || cursor.Number != fragment.Number || cursor.Size != fragment.Size))
                return fragment.Number;
            if (!cursor.Matches(fragment.Bytes.Span))
                return fragment.Number;
            meter.Add(fragment.IsLast ? 1UL : 0, fragment.Bytes.Length);
        }
        return null;
    }

    /// <summary>Says how an event that differs does so.</summary>
    public static async ValueTask<EventDifference> DescribeAsync(Pier pier, EventLog log, LogState state, EventNumber number, CancellationToken cancel)
    {
        using IncrementalHash pierHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using IncrementalHash storeHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using PierCursor cursor = new(pier, number, number);
        long storeSize = 0;
        long compared = 0;
        long? differs = null;
        await foreach (EventFragment fragment in log.StreamAsync(state, number, number, cancel))
        {
            storeSize = fragment.Size;
            storeHash.AppendData(fragment.Bytes.Span);
            ReadOnlyMemory<byte> rest = fragment.Bytes;
            while (!rest.IsEmpty && (!cursor.Rest.IsEmpty || Advance(cursor, pierHash)))
            {
                int length = Math.Min(rest.Length, cursor.Rest.Length);
                int common = rest.Span[..length].CommonPrefixLength(cursor.Rest[..length]);
                if (common < length)
                    differs ??= compared + common;
                compared += length;
                rest = rest[length..];
                cursor.Skip(length);
            }
        }
        while (Advance(cursor, pierHash))
        {
        }
        return new EventDifference(
            number,
            cursor.Size,
            storeSize,
            differs ?? Math.Min(cursor.Size, storeSize),
            Convert.ToHexStringLower(pierHash.GetHashAndReset()),
            Convert.ToHexStringLower(storeHash.GetHashAndReset()));
    }

    private static bool Advance(PierCursor cursor, IncrementalHash hash)
    {
        if (!cursor.MoveNext())
            return false;
        hash.AppendData(cursor.Rest);
        return true;
    }
}
