namespace Seguro.Harbor.Format;

/// <summary>Memory for bytes on their way that is used again: a fresh 16 MiB would be given by the system page by page each time, and cost more than compressing what comes into it.</summary>
/// <remarks>
/// For any thread. Bounded: it keeps <see cref="Most"/> arrays, the largest ones. Belongs to one run of a backup, and goes with it, so that a ship that is quiet holds nothing.
/// A stream of it may be read by a call that was left (<see cref="Targets.PatientTarget"/>) when it is disposed of: from then on reading fails, and never gives another's bytes.
/// </remarks>
internal sealed class ScratchPool
{
    private const int Most = 4;
    private const int Smallest = 64 << 10;
    private readonly Lock _lock = new();
    private readonly List<byte[]> _kept = [];

    /// <summary>Makes room, as <see cref="Scratch.For"/>; whoever gets it disposes of it.</summary>
    /// <param name="expected">How many bytes are to come at most, about; in memory it grows beyond that.</param>
    public Stream For(long expected) => expected <= Scratch.MostInMemory ? new Memory(this, (int)expected) : Scratch.For(expected);

    private byte[] Rent(int least)
    {
        lock (_lock)
        {
            int place = _kept.FindIndex(one => one.Length >= least);
            if (place >= 0)
            {
                byte[] kept = _kept[place];
                _kept.RemoveAt(place);
                return kept;
            }
        }
        return GC.AllocateUninitializedArray<byte>(least);
    }

    private void Return(byte[] used)
    {
        lock (_lock)
        {
            _kept.Add(used);
            _kept.Sort(static (left, right) => left.Length - right.Length);
            if (_kept.Count > Most)
                _kept.RemoveAt(0);
        }
    }

    private sealed class Memory : Stream
    {
        private readonly ScratchPool _pool;
        private readonly Lock _lock = new();
        private byte[]? _bytes;
        private int _length;
        private int _position;

        public Memory(ScratchPool pool, int expected)
        {
            _pool = pool;
            _bytes = pool.Rent(Math.Max(expected, Smallest));
        }

        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => true;
        public override long Length => _length;

        public override long Position
        {
            get => _position;
            set => _position = (int)Math.Clamp(value, 0, _length);
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_bytes is null, this);
                int taken = Math.Min(buffer.Length, _length - _position);
                _bytes.AsSpan(_position, taken).CopyTo(buffer);
                _position += taken;
                return taken;
            }
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_bytes is null, this);
                int end = checked(_position + buffer.Length);
                if (end > _bytes.Length)
                {
                    byte[] larger = _pool.Rent((int)Math.Min(Array.MaxLength, end > Scratch.MostInMemory ? end + (end / 4L) : Math.Max(end, Math.Min(Scratch.MostInMemory, 4L * _bytes.Length))));
                    _bytes.AsSpan(0, _length).CopyTo(larger);
                    _pool.Return(_bytes);
                    _bytes = larger;
                }
                buffer.CopyTo(_bytes.AsSpan(_position));
                _position = end;
                _length = Math.Max(_length, end);
            }
        }

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => _length + offset,
        };

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            lock (_lock)
            {
                if (_bytes is { } used)
                    _pool.Return(used);
                _bytes = null;
            }
            base.Dispose(disposing);
        }
    }
}
