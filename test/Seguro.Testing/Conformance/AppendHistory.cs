using System.Security.Cryptography;
using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>
/// What a writer tried, what it was told was committed, and what it was told was not: checked against the log in the end (the set
/// checker of reliability.md §3.1). Bytes are compared, not only numbers.
/// </summary>
/// <remarks>Threading: may be called from any thread.</remarks>
public sealed class AppendHistory
{
    private readonly Lock _lock = new();
    private readonly HashSet<(ulong Number, string Bytes)> _attempted = [];
    private readonly Dictionary<ulong, string> _acknowledged = [];
    private readonly HashSet<(ulong Number, string Bytes)> _failed = [];

    /// <summary>How many events were acknowledged.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_lock)
                return _acknowledged.Count;
        }
    }

    /// <summary>The payloads will be tried as the events after <paramref name="previous"/>.</summary>
    public void Attempt(EventNumber previous, IEnumerable<byte[]> payloads) => Each(previous, payloads, key => _attempted.Add(key));

    /// <summary>The writer was told that they are committed.</summary>
    public void Acknowledge(EventNumber previous, IEnumerable<byte[]> payloads) => Each(
        previous, payloads, key => Assert.True(_acknowledged.TryAdd(key.Number, key.Bytes), $"event {key.Number} was acknowledged twice"));

    /// <summary>The writer was told that nothing was written, and will not try these bytes again.</summary>
    public void Fail(EventNumber previous, IEnumerable<byte[]> payloads) => Each(previous, payloads, key => _failed.Add(key));

    /// <summary>
    /// Reads the whole log and compares: no acknowledged event is lost, nothing is there that was not tried, nothing that was reported failed.
    /// </summary>
    public async Task CheckAsync(EventLog log, CancellationToken cancel)
    {
        LogState state = await log.ReadStateAsync(cancel);
        Dictionary<ulong, string> found = [];
        await foreach (Event read in log.ReadAsync(state, state.First, state.Head.Number, cancel))
            found.Add(read.Number.Value, Digest(read.Payload.Span));
        Assert.Equal(state.Count, (ulong)found.Count);
        lock (_lock)
        {
            foreach ((ulong number, string bytes) in _acknowledged)
            {
                Assert.True(found.TryGetValue(number, out string? there), $"event {number} was acknowledged and is lost");
                Assert.True(bytes == there, $"event {number} has other bytes than were acknowledged");
            }
            foreach ((ulong number, string bytes) in found)
            {
                Assert.True(_attempted.Contains((number, bytes)), $"event {number} is in the log and was never tried");
                Assert.False(_failed.Contains((number, bytes)), $"event {number} is in the log and was reported failed");
            }
        }
    }

    private void Each(EventNumber previous, IEnumerable<byte[]> payloads, Action<(ulong Number, string Bytes)> note)
    {
        lock (_lock)
        {
            foreach (byte[] payload in payloads)
            {
                previous = previous.Next;
                note((previous.Value, Digest(payload)));
            }
        }
    }

    private static string Digest(ReadOnlySpan<byte> payload) => Convert.ToHexStringLower(SHA256.HashData(payload));
}
