using System.Runtime.CompilerServices;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Xunit;

namespace Seguro.Tests.Piers.Transfer;

/// <summary>Reading on another thread changes nothing but the time that it takes.</summary>
public sealed class ReadAheadTests
{
    private static readonly int[] Sizes = [1, 0, 5000, 4 << 20, (4 << 20) + 1, 9 << 20, 3, .. Enumerable.Repeat(700, 10_000)];
    private bool _isEnded;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_pieces_come_whole_and_in_order()
    {
        int next = 0;
        await foreach (EventFragment piece in ReadAhead.Of(MakeAsync(Sizes.Length, null, Cancel), Cancel))
        {
            Assert.Equal((new EventNumber((ulong)next + 1), (long)Sizes[next]), (piece.Number, piece.Size));
            Assert.Equal(Payload(next), piece.Bytes.ToArray());
            next++;
        }
        Assert.Equal(Sizes.Length, next);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9000)]
    public async Task An_error_comes_after_all_that_was_read_before_it(int before)
    {
        int read = 0;
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (EventFragment piece in ReadAhead.Of(MakeAsync(before, new InvalidOperationException("damage"), Cancel), Cancel))
                read++;
        });
        Assert.Equal(("damage", before), (error.Message, read));
    }

    [Fact]
    public async Task Who_stops_early_ends_the_reading()
    {
        await foreach (EventFragment piece in ReadAhead.Of(MakeAsync(Sizes.Length, null, CancellationToken.None), Cancel))
        {
            if (piece.Number.Value == 2)
                break;
        }
        Assert.True(_isEnded);

        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (EventFragment piece in ReadAhead.Of(MakeAsync(Sizes.Length, null, CancellationToken.None), stop.Token))
                await stop.CancelAsync();
        });
    }

    private static byte[] Payload(int index)
    {
        byte[] bytes = new byte[Sizes[index]];
        new Random(index).NextBytes(bytes);
        return bytes;
    }

    /// <summary>As a store's reader: one buffer for all pieces.</summary>
    private async IAsyncEnumerable<EventFragment> MakeAsync(int count, Exception? error, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] buffer = new byte[Sizes.Max()];
        try
        {
            for (int i = 0; i < count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                Payload(i).CopyTo(buffer, 0);
                yield return new EventFragment(new EventNumber((ulong)i + 1), 0, Sizes[i], buffer.AsMemory(0, Sizes[i]), default);
                if (i % 100 == 0)
                    await Task.Yield();
            }
            if (error is not null)
                throw error;
        }
        finally
        {
            _isEnded = true;
        }
    }
}
