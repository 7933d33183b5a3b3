using Seguro.Core;

namespace Seguro.Piers.Transfer;

/// <summary>Reads a pier's payloads beside a stream that is cut in other places.</summary>
sealed class PierCursor(Pier pier, EventNumber from, EventNumber to) : IDisposable
{
    private readonly IEnumerator<PierPiece> _pieces = pier.ReadPieces(from, to).GetEnumerator();
    private ReadOnlyMemory<byte> _rest;

    /// <summary>The event that the cursor is in.</summary>
    public EventNumber Number { get; private set; }

    /// <summary>The size of its payload, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>What is still unread of the current piece: valid until <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<byte> Rest => _rest.Span;

    /// <summary>Goes to the next piece, dropping the rest of this one. <see langword="false"/> at the end.</summary>
    public bool MoveNext()
    {
        if (!_pieces.MoveNext())
            return false;
        PierPiece piece = _pieces.Current;
        (Number, Size, _rest) = (piece.Number, piece.Size, piece.Bytes);
        return true;
    }

    /// <summary>Drops bytes of the current piece.</summary>
    public void Skip(int count) => _rest = _rest[count..];

    /// <summary>Are the next bytes of the event these? After <see langword="false"/>, the cursor's place is of no use.</summary>
    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_rest.IsEmpty && !MoveNext())
                return false;
            int length = Math.Min(bytes.Length, _rest.Length);
            if (!Rest[..length].SequenceEqual(bytes[..length]))
                return false;
            bytes = bytes[length..];
            Skip(length);
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _pieces.Dispose();
}
