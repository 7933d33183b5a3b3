using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task Metadata_is_compared_and_set()
    {
        await using LogSession session = await BeginAsync();
        byte[] red = "red"u8.ToArray();
        byte[] blue = "blue"u8.ToArray();
        WriteOutcome conflict = new WriteOutcome.Conflict(await session.Stored.ReadStateAsync(Cancel));
        Assert.Equal(conflict, await SetAsync(session, red, blue));
        Assert.Equal(WriteOutcome.Committed.Instance, await SetAsync(session, null, red));
        Assert.Equal(conflict, await SetAsync(session, null, blue));
        Assert.Equal(conflict, await SetAsync(session, blue, Array.Empty<byte>()));
        Assert.Equal("color=726564", Text(await session.Stored.ReadMetadataAsync(Cancel)));
        Assert.Equal(WriteOutcome.Committed.Instance, await SetAsync(session, red, blue));
        Assert.Equal("color=626c7565", Text(await session.Stored.ReadMetadataAsync(Cancel)));
    }

    [Fact(Timeout = Bound)]
    public async Task A_repeated_change_of_metadata_is_found_committed()
    {
        await using LogSession session = await BeginAsync();
        for (int i = 0; i < 2; i++)
            Assert.Equal(WriteOutcome.Committed.Instance, await SetAsync(session, null, "red"u8.ToArray()));
        for (int i = 0; i < 2; i++)
            Assert.Equal(WriteOutcome.Committed.Instance, await SetAsync(session, "red"u8.ToArray(), "blue"u8.ToArray()));
        Assert.Equal("color=626c7565", Text(await session.Stored.ReadMetadataAsync(Cancel)));
    }

    [Fact(Timeout = Bound)]
    public async Task An_empty_value_is_not_an_absent_one()
    {
        await using LogSession session = await BeginAsync();
        byte[] empty = [];
        Assert.IsType<WriteOutcome.Conflict>(await SetAsync(session, empty, "red"u8.ToArray()));
        Assert.IsType<WriteOutcome.Committed>(await SetAsync(session, null, empty));
        Assert.Equal("color=", Text(await session.Stored.ReadMetadataAsync(Cancel)));
        Assert.IsType<WriteOutcome.Conflict>(await SetAsync(session, null, "red"u8.ToArray()));
        Assert.IsType<WriteOutcome.Committed>(await SetAsync(session, empty, "red"u8.ToArray()));
    }

    [Fact(Timeout = Bound)]
    public async Task Metadata_is_fenced()
    {
        await using LogSession session = await BeginAsync();
        Assert.IsType<WriteOutcome.Committed>(await SetAsync(session, null, "red"u8.ToArray()));
        Lease next = await session.DeposeAsync(Cancel);
        Assert.Equal(new WriteOutcome.Fenced(next), await SetAsync(session, "red"u8.ToArray(), "blue"u8.ToArray()));
        Assert.Equal(new WriteOutcome.Fenced(next), await SetAsync(session, null, "red"u8.ToArray()));
        Assert.Equal("color=726564", Text(await session.Stored.ReadMetadataAsync(Cancel)));
    }

    [Fact(Timeout = Bound)]
    public async Task Keys_and_values_reach_their_limits()
    {
        await using LogSession session = await BeginAsync();
        string longest = string.Concat("a-0.", new string('z', MetadataKey.LongestKey - 4));
        byte[] largest = SeededPayload.Of(1, MetadataKey.LargestValue);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.SetMetadataAsync(session.Term, longest, null, largest, Cancel));
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await session.Stored.ReadMetadataAsync(Cancel);
        Assert.True(metadata[longest].Span.SequenceEqual(largest));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => session.Stored.SetMetadataAsync(session.Term, longest + "z", null, largest, Cancel).AsTask());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => session.Stored.SetMetadataAsync(session.Term, "Color", null, largest, Cancel).AsTask());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => session.Stored.SetMetadataAsync(session.Term, "color", null, new byte[largest.Length + 1], Cancel).AsTask());
        Assert.Single(await session.Stored.ReadMetadataAsync(Cancel));
    }

    private static ValueTask<WriteOutcome> SetAsync(LogSession session, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value) =>
        session.Stored.SetMetadataAsync(session.Term, "color", expected, value, Cancel);
}
