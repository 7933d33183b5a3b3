using Seguro.Core;

namespace Seguro.Vere.Protocol;

/// <summary>Takes a stream's bytes as they come, and gives its frames in parts (<see cref="Newt"/>). Its memory is the same for a frame of 4 GiB and for one of seven bytes.</summary>
/// <remarks>
/// The first part of each frame has the frame's head whole, so that a frame can be told by it before the rest has come; it is a copy. The other parts are slices of what was
/// given, which must not change until they were used. Not safe for two threads.
/// </remarks>
public sealed class NewtReader
{
    /// <summary>How much of a body the first part has at least, where the body is as long.</summary>
    public const int HeadBytes = 256;

    private readonly byte[] _start = new byte[Newt.HeaderBytes + HeadBytes];
    private ReadOnlyMemory<byte> _input;
    private bool _isKept;
    private int _filled;
    private uint _length;
    private uint _left;

    /// <summary>Is all that was given read, and did it end with a whole frame?</summary>
    public bool IsBetweenFrames => _filled == 0 && _left == 0 && _input.IsEmpty;

    /// <summary>Bytes that were given and not read yet.</summary>
    public int Unread => _input.Length;

    /// <summary>Gives the next bytes of the stream.</summary>
    public void Give(ReadOnlyMemory<byte> bytes)
    {
        _isKept = !_input.IsEmpty;
        _input = _isKept ? (byte[])[.. _input.Span, .. bytes.Span] : bytes;
    }

    /// <summary>Makes what is not read yet its own, so that the giver may use its buffer again.</summary>
    public void Keep()
    {
        if (!_isKept)
            _input = _input.IsEmpty ? default : _input.ToArray();
        _isKept = true;
    }

    /// <summary>Reads the next part.</summary>
    /// <returns>False where more bytes have to be given first.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: the stream is not one of frames; nothing after it can be read.</exception>
    public bool TryRead(out NewtPiece piece)
    {
        piece = default;
        if (_left > 0)
        {
            if (_input.IsEmpty)
                return false;
            int part = (int)Math.Min(_left, (uint)_input.Length);
            _left -= (uint)part;
            piece = new NewtPiece(_input[..part], _length, IsFirst: false, IsLast: _left == 0);
            _input = _input[part..];
            return true;
        }
        if (!Fill(Newt.HeaderBytes))
            return false;
        _length = Newt.ReadLength(_start);
        int head = (int)Math.Min(_length, HeadBytes);
        if (!Fill(Newt.HeaderBytes + head))
            return false;
        _filled = 0;
        _left = _length - (uint)head;
        piece = new NewtPiece(_start.AsSpan(0, Newt.HeaderBytes + head).ToArray(), _length, IsFirst: true, IsLast: _left == 0);
        return true;
    }

    /// <summary>What is wrong where the stream ends here; <see langword="null"/> where it ends between frames.</summary>
    public SeguroException? End() => _left > 0
        ? Newt.Torn(Newt.HeaderBytes + (long)(_length - _left), _length)
        : _filled == 0 ? null : Newt.Torn(_filled, _filled < Newt.HeaderBytes ? null : _length);

    private bool Fill(int count)
    {
        int part = Math.Min(count - _filled, _input.Length);
        if (part > 0)
        {
            _input.Span[..part].CopyTo(_start.AsSpan(_filled));
            _filled += part;
            _input = _input[part..];
        }
        return _filled >= count;
    }
}
