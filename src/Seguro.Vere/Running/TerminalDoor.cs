using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Seguro.Core;

namespace Seguro.Vere.Running;

/// <summary>
/// The ship's terminal, for who looks at it from outside the member: the socket <c>terminal.sock</c> in the member's folder
/// (<see cref="TerminalLine"/>). Several may look at a time; all see the same, and what
/// each types goes to the ship.
/// </summary>
/// <remarks>
/// Bounded: so many viewers; for each so much that it has not taken yet, beyond which it is let go; and so much that was typed and the ship did not
/// take, beyond which it is dropped. Nobody who looks can hold
/// up the ship. Safe for any thread.
/// </remarks>
internal sealed class TerminalDoor : IDisposable
{
    private const int MostViewers = 8;
    private const int MostWaiting = 256;
    private const int MostTyped = 256;
    private const int Remembered = 16 << 10;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly PseudoTerminal _terminal;
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly List<Channel<ReadOnlyMemory<byte>>> _viewers = [];
    private readonly Channel<byte[]> _typed = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostTyped) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _end = new();
    private readonly byte[] _last = new byte[Remembered];
    private long _written;

    private TerminalDoor(PseudoTerminal terminal, string path)
    {
        _terminal = terminal;
        _path = path;
    }

    /// <summary>Opens the socket; what an earlier life left there is replaced.</summary>
    /// <returns><see langword="null"/> where it can't be: the ship runs without viewers.</returns>
    public static TerminalDoor? TryOpen(PseudoTerminal terminal, string folder)
    {
        string path = Path.Combine(folder, TerminalLine.SocketName);
        TerminalDoor door = new(terminal, path);
        try
        {
            File.Delete(path);
            door._listener.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            door._listener.Listen(MostViewers);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            door._listener.Dispose();
            return null;
        }
        _ = door.AcceptAsync();
        _ = Task.Run(door.TypeAsync, door._end.Token);
        return door;
    }

    /// <summary>The ship shows something.</summary>
    public void Show(ReadOnlySpan<byte> bytes)
    {
        byte[] shown = bytes.ToArray();
        lock (_gate)
        {
            foreach (byte one in bytes)
                _last[_written++ % Remembered] = one;
            for (int i = _viewers.Count - 1; i >= 0; i--)
            {
                if (_viewers[i].Writer.TryWrite(shown))
                    continue;
                _viewers[i].Writer.TryComplete(); // it does not keep up
                _viewers.RemoveAt(i);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_end.IsCancellationRequested)
                return;
            _end.Cancel();
            foreach (Channel<ReadOnlyMemory<byte>> viewer in _viewers)
                viewer.Writer.TryComplete();
            _viewers.Clear();
        }
        _typed.Writer.TryComplete();
        _listener.Dispose();
        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync(_end.Token));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The ship ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using NetworkStream line = new(socket, ownsSocket: true);
        try
        {
            if (Enter() is not { } shown)
            {
                await line.WriteAsync(Encoding.UTF8.GetBytes($"{MostViewers} look at this ship already.\r\n"), _end.Token);
                return;
            }
            Task hearing = HearAsync(line, shown);
            await foreach (ReadOnlyMemory<byte> bytes in shown.Reader.ReadAllAsync(_end.Token))
                await line.WriteAsync(bytes, _end.Token);
            socket.Shutdown(SocketShutdown.Both);
            await hearing;
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
        {
            // It looks no more, or the ship ended.
        }
    }

    /// <summary>A new viewer begins with the last that was shown.</summary>
    private Channel<ReadOnlyMemory<byte>>? Enter()
    {
        Channel<ReadOnlyMemory<byte>> shown = Channel.CreateBounded<ReadOnlyMemory<byte>>(MostWaiting);
        lock (_gate)
        {
            if (_viewers.Count == MostViewers || _end.IsCancellationRequested)
                return null;
            int count = (int)Math.Min(_written, Remembered);
            byte[] last = new byte[count];
            for (int i = 0; i < count; i++)
                last[i] = _last[(_written - count + i) % Remembered];
            shown.Writer.TryWrite(last);
            _viewers.Add(shown);
        }
        return shown;
    }

    private async Task HearAsync(NetworkStream line, Channel<ReadOnlyMemory<byte>> shown)
    {
        try
        {
            while (await TerminalLine.ReadAsync(line, _end.Token) is { } message)
            {
                if (message.Typed is { } typed)
                    _typed.Writer.TryWrite(typed);
                else
                    _terminal.Resize(message.Columns, message.Rows);
            }
        }
        catch (Exception gone) when (gone is IOException or SocketException or SeguroException or OperationCanceledException or ObjectDisposedException)
        {
            // It looks no more, or speaks something else.
        }
        lock (_gate)
            _viewers.Remove(shown);
        shown.Writer.TryComplete();
    }

    private async Task TypeAsync()
    {
        try
        {
            await foreach (byte[] typed in _typed.Reader.ReadAllAsync(_end.Token))
                await _terminal.Stream.WriteAsync(typed, _end.Token);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The ship ended.
        }
    }
}
