using System.Buffers.Binary;

namespace Seguro.Vere.Running;

/// <summary>
/// The king, by its relay: what it sends comes as it is, and what is written goes in groups (<see cref="RelayLine"/>). Closing it closes nothing: how
/// the relay is to end must still be said.
/// </summary>
sealed class KingStream(Stream line) : Stream
{
    private readonly byte[] _length = new byte[4];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => line.ReadAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return;
        BinaryPrimitives.WriteInt32LittleEndian(_length, buffer.Length);
        await line.WriteAsync(_length, cancellationToken);
        await line.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => line.FlushAsync(cancellationToken);

    public override void Flush() => line.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
