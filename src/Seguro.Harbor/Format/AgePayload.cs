using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Seguro.Harbor.Format;

/// <summary>The payload of an age v1 file: chunks of 64 KiB, each sealed by ChaCha20-Poly1305 under a counter; the last one says that it is.</summary>
internal static class AgePayload
{
    public const int ChunkSize = 64 << 10;
    private const int SealedSize = ChunkSize + AgeX25519.TagSize;
    private const int NonceSize = 12;
    private const int SaltSize = 16;

    private static void SetNonce(Span<byte> nonce, ulong counter, bool isLast)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[3..], counter);
        nonce[^1] = isLast ? (byte)1 : (byte)0;
    }

    /// <summary>Encrypts what is written to it. <see cref="Complete"/> ends the file; without it the file is a cut one. Does not dispose of its target.</summary>
    public sealed class Writer : Stream
    {
        private readonly Stream _target;
        private readonly ChaCha20Poly1305 _cipher;
        private readonly byte[] _chunk = new byte[ChunkSize];
        private readonly byte[] _sealed = new byte[SealedSize];
        private int _filled;
        private ulong _counter;

        public Writer(Stream target, byte[] fileKey)
        {
            byte[] salt = RandomNumberGenerator.GetBytes(SaltSize);
            target.Write(salt);
            _target = target;
            _cipher = new ChaCha20Poly1305(AgeX25519.PayloadKey(fileKey, salt));
        }

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            while (!buffer.IsEmpty)
            {
                if (_filled == ChunkSize) // not before there is more: the last chunk may be full
                    Emit(isLast: false);
                int taken = Math.Min(buffer.Length, ChunkSize - _filled);
                buffer[..taken].CopyTo(_chunk.AsSpan(_filled));
                _filled += taken;
                buffer = buffer[taken..];
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public void Complete() => Emit(isLast: true);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _cipher.Dispose();
            base.Dispose(disposing);
        }

        private void Emit(bool isLast)
        {
            Span<byte> nonce = stackalloc byte[NonceSize];
            SetNonce(nonce, _counter++, isLast);
            _cipher.Encrypt(nonce, _chunk.AsSpan(0, _filled), _sealed.AsSpan(0, _filled), _sealed.AsSpan(_filled, AgeX25519.TagSize));
            _target.Write(_sealed, 0, _filled + AgeX25519.TagSize);
            _filled = 0;
        }
    }

    /// <summary>Decrypts as it is read. Each byte that it gives is authentic; the end of a cut file is an error, never an end. Does not dispose of its source.</summary>
    public sealed class Reader : Stream
    {
        private readonly Stream _source;
        private readonly ChaCha20Poly1305 _cipher;
        private readonly byte[] _sealed = new byte[SealedSize + 1];
        private readonly byte[] _chunk = new byte[ChunkSize];
        private int _ahead;
        private int _read;
        private int _filled;
        private ulong _counter;
        private bool _isEnded;

        public Reader(Stream source, byte[] fileKey)
        {
            byte[] salt = new byte[SaltSize];
            if (source.ReadAtLeast(salt, SaltSize, throwOnEndOfStream: false) < SaltSize)
                throw AgeHeader.Bad("it ends after its header");
            _source = source;
            _cipher = new ChaCha20Poly1305(AgeX25519.PayloadKey(fileKey, salt));
        }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty || (_read == _filled && !Next()))
                return 0;
            int taken = Math.Min(buffer.Length, _filled - _read);
            _chunk.AsSpan(_read, taken).CopyTo(buffer);
            _read += taken;
            return taken;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _cipher.Dispose();
            base.Dispose(disposing);
        }

        /// <summary>Opens the next chunk. One byte beyond it is read, which tells whether it is the last.</summary>
        private bool Next()
        {
            if (_isEnded)
                return false;
            int length = _ahead + _source.ReadAtLeast(_sealed.AsSpan(_ahead), SealedSize + 1 - _ahead, throwOnEndOfStream: false);
            _isEnded = length <= SealedSize;
            int sealedLength = Math.Min(length, SealedSize);
            if (sealedLength < AgeX25519.TagSize || (sealedLength == AgeX25519.TagSize && _counter > 0))
                throw AgeHeader.Bad("it is cut");
            Span<byte> nonce = stackalloc byte[NonceSize];
            SetNonce(nonce, _counter++, _isEnded);
            _filled = sealedLength - AgeX25519.TagSize;
            _read = 0;
            try
            {
                _cipher.Decrypt(nonce, _sealed.AsSpan(0, _filled), _sealed.AsSpan(_filled, AgeX25519.TagSize), _chunk.AsSpan(0, _filled));
            }
            catch (AuthenticationTagMismatchException)
            {
                throw AgeHeader.Bad($"its bytes near {(_counter - 1) * ChunkSize:N0} are not what was written, or it is cut there");
            }
            _ahead = _isEnded ? 0 : 1;
            if (!_isEnded)
                _sealed[0] = _sealed[SealedSize];
            return _filled > 0;
        }
    }
}
