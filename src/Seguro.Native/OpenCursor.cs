using System.Diagnostics;
using Seguro.Sdk;

namespace Seguro.Native;

/// <summary>A place in a log from which a C program reads, into buffers of its own. One thread at a time.</summary>
internal sealed class OpenCursor : IAsyncDisposable
{
    private readonly Lock _use = new();
    private readonly CancellationTokenSource _end;
    private readonly IAsyncEnumerator<LogPiece> _pieces;
    private Task<bool>? _coming;
    private LogPiece _piece;
    private bool _hasPiece;
    private int _taken;
    private Exception? _failed;

    public OpenCursor(OpenLog owner, Func<CancellationToken, IAsyncEnumerable<LogPiece>> read)
    {
        Owner = owner;
        _end = CancellationTokenSource.CreateLinkedTokenSource(owner.End);
        _pieces = read(_end.Token).GetAsyncEnumerator(_end.Token);
    }

    public OpenLog Owner { get; }

    /// <summary>Fills the buffer with what comes next of one event.</summary>
    public unsafe int Next(long timeout, Span<byte> buffer, NativeEvent* told)
    {
        if (!_use.TryEnter())
            throw new InvalidOperationException("The cursor is in use on another thread.");
        try
        {
            return Fill(timeout, buffer, told);
        }
        catch (Exception error) when (_failed is null)
        {
            _failed = error;
            throw;
        }
        finally
        {
            _use.Exit();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_coming is { } coming)
            await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _pieces.DisposeAsync();
        _end.Dispose();
    }

    private unsafe int Fill(long timeout, Span<byte> buffer, NativeEvent* told)
    {
        *told = default;
        if (!_hasPiece)
        {
            int status = Advance(timeout);
            if (status != Status.Ok)
                return status;
        }
        told->Number = _piece.Number;
        told->Size = (ulong)_piece.Size;
        told->Offset = (ulong)(_piece.Offset + _taken);
        int filled = 0;
        while (true)
        {
            int length = Math.Min(buffer.Length - filled, _piece.Bytes.Length - _taken);
            _piece.Bytes.Span.Slice(_taken, length).CopyTo(buffer[filled..]);
            filled += length;
            _taken += length;
            bool isThrough = _taken == _piece.Bytes.Length;
            if (isThrough && _piece.IsLast)
            {
                _hasPiece = false;
                _piece.Chain.CopyTo(new Span<byte>(told->Chain, 32));
                break;
            }
            if (filled == buffer.Length)
                break;
            if (isThrough && Advance(-1) != Status.Ok)
                throw new UnreachableException("An event has no end.");
        }
        told->Length = (ulong)filled;
        return Status.Ok;
    }

    /// <summary>Waits for the next piece. A wait that timed out is gone on with by the next call.</summary>
    private int Advance(long timeout)
    {
        if (_failed is { } failed)
            throw failed;
        _coming ??= _pieces.MoveNextAsync().AsTask();
        if (!Exports.Wait(_coming, timeout))
            return Status.Timeout;
        bool has = _coming.GetAwaiter().GetResult();
        _coming = null;
        if (!has)
        {
            _coming = Task.FromResult(false);
            return Status.None;
        }
        _piece = _pieces.Current;
        _taken = 0;
        _hasPiece = true;
        return Status.Ok;
    }
}
