using System.Buffers.Binary;
using System.Net.Sockets;
using Seguro.Core;

namespace Seguro.Vere.Running;

/// <summary>
/// What is spoken at a ship's terminal socket. The member sends what the ship shows, as it is. A viewer sends messages: a byte that says which, a
/// length (u16, little-endian), and so many bytes: <c>i</c>, what was
/// typed; <c>s</c>, the window's size, columns and rows (u16 each).
/// </summary>
public static class TerminalLine
{
    /// <summary>The socket's name in the member's folder.</summary>
    public const string SocketName = "terminal.sock";

    private const byte Input = (byte)'i';
    private const byte Size = (byte)'s';
    private const int Header = 3;

    /// <summary>A message of a viewer's: what was typed, or a size.</summary>
    public readonly record struct Message(byte[]? Typed, ushort Columns, ushort Rows);

    /// <summary>Connects to a member's ship.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: no ship runs there now.</exception>
    public static async Task<NetworkStream> ConnectAsync(string folder, CancellationToken cancel)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder, SocketName)), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException none)
        {
            socket.Dispose();
            throw new SeguroException(ErrorCode.StoreUnavailable, $"no ship with a terminal runs in {folder}", "Attach to the master: `seguro status` names it.", none);
        }
    }

    /// <summary>Sends what was typed.</summary>
    public static async Task TypeAsync(Stream line, ReadOnlyMemory<byte> typed, CancellationToken cancel)
    {
        for (int at = 0; at < typed.Length; at += ushort.MaxValue)
            await SendAsync(line, Input, typed.Slice(at, Math.Min(ushort.MaxValue, typed.Length - at)), cancel);
    }

    /// <summary>Sends the window's size.</summary>
    public static Task ResizeAsync(Stream line, ushort columns, ushort rows, CancellationToken cancel)
    {
        byte[] size = new byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(size, columns);
        BinaryPrimitives.WriteUInt16LittleEndian(size.AsSpan(2), rows);
        return SendAsync(line, Size, size, cancel);
    }

    /// <summary>The next message; <see langword="null"/> at the end.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: whoever speaks is no viewer.</exception>
    internal static async ValueTask<Message?> ReadAsync(Stream line, CancellationToken cancel)
    {
        byte[] header = new byte[Header];
        if (await line.ReadAtLeastAsync(header, Header, throwOnEndOfStream: false, cancel) < Header)
            return null;
        byte[] body = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(1))];
        await line.ReadExactlyAsync(body, cancel);
        return header[0] switch
        {
            Input => new Message(body, 0, 0),
            Size when body.Length == 4 => new Message(null, BinaryPrimitives.ReadUInt16LittleEndian(body), BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(2))),
            _ => throw new SeguroException(ErrorCode.Corrupt, "not a message of a terminal's viewer", "Use `seguro ship attach`."),
        };
    }

    private static async Task SendAsync(Stream line, byte kind, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        byte[] message = new byte[Header + body.Length];
        message[0] = kind;
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(1), (ushort)body.Length);
        body.CopyTo(message.AsMemory(Header));
        await line.WriteAsync(message, cancel);
    }
}
