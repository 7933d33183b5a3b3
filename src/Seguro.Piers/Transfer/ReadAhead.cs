using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Reads events, and verifies them, on another thread than the one that uses them, a few megabytes ahead.</summary>
/// <remarks>Memory: <see cref="Batches"/> times <see cref="BatchBytes"/>, however large the events are, as long as no piece of one is larger than a batch.</remarks>
static class ReadAhead
{
    private const int Batches = 3;
    private const int BatchBytes = 4 << 20;
    private const int BatchPieces = 4096;

    /// <summary>The pieces of <paramref name="source"/>, in order. A piece's bytes are valid until the next piece is asked for.</summary>
    /// <exception cref="SeguroException">What the source throws, after all pieces before it.</exception>
    public static async IAsyncEnumerable<EventFragment> Of(IAsyncEnumerable<EventFragment> source, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Channel<Batch> empty = Channel.CreateBounded<Batch>(Batches);
        Channel<Batch> full = Channel.CreateBounded<Batch>(Batches);
        for (int i = 0; i < Batches; i++)
            empty.Writer.TryWrite(new Batch());
        Task reading = Task.Run(() => ReadAsync(source, empty.Reader, full.Writer, ended.Token), CancellationToken.None);
        try
        {
            await foreach (Batch batch in full.Reader.ReadAllAsync(cancel))
            {
                foreach (EventFragment piece in batch.Pieces)
                    yield return piece;
                batch.Clear();
                empty.Writer.TryWrite(batch);
            }
            await reading;
        }
        finally
        {
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task ReadAsync(IAsyncEnumerable<EventFragment> source, ChannelReader<Batch> empty, ChannelWriter<Batch> full, CancellationToken cancel)
    {
        try
        {
            Batch batch = await empty.ReadAsync(cancel);
            try
            {
                await foreach (EventFragment piece in source.WithCancellation(cancel))
                {
                    if (!batch.HasRoomFor(piece.Bytes.Length))
                    {
                        full.TryWrite(batch);
                        batch = await empty.ReadAsync(cancel);
                    }
                    batch.Add(piece);
                }
            }
            finally
            {
                full.TryWrite(batch); // what was read before an error is good
            }
        }
        finally
        {
            full.TryComplete();
        }
    }

    private sealed class Batch
    {
        private byte[] _bytes = [];
        private int _used;

        public List<EventFragment> Pieces { get; } = new(BatchPieces);

        public bool HasRoomFor(int bytes) => Pieces.Count == 0 || (Pieces.Count < BatchPieces && bytes <= _bytes.Length - _used);

        public void Add(in EventFragment piece)
        {
            if (piece.Bytes.Length > _bytes.Length - _used) // it is the first
                _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(BatchBytes, piece.Bytes.Length));
            Memory<byte> place = _bytes.AsMemory(_used, piece.Bytes.Length);
            piece.Bytes.CopyTo(place);
            _used += place.Length;
            Pieces.Add(piece with { Bytes = place });
        }

        public void Clear()
        {
            Pieces.Clear();
            _used = 0;
        }
    }
}
