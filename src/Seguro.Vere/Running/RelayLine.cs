using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Seguro.Core;

namespace Seguro.Vere.Running;

/// <summary>
/// The line between the relay, which the king started, and the member. First the relay says with which arguments it was started: a length (u32, little-endian) and the arguments in
/// UTF-8 with a zero byte after each. From then on it passes on what the king sends, as it is, until the king closes. The member sends groups of bytes for the king, each after its
/// length (u32); a length of 0 is the last, and a byte follows: with which exit code the relay is to end.
/// </summary>
public static class RelayLine
{
    private const int LongestArguments = 1 << 20;

    /// <summary>Says the arguments.</summary>
    public static async Task SendArgumentsAsync(Stream line, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(arguments.Select(static argument => argument + "\0")));
        byte[] message = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, text.Length);
        text.CopyTo(message, 4);
        await line.WriteAsync(message, cancel);
    }

    /// <summary>Hears the arguments.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: whoever speaks is no relay.</exception>
    /// <exception cref="EndOfStreamException">It is gone.</exception>
    public static async Task<IReadOnlyList<string>> ReadArgumentsAsync(Stream line, CancellationToken cancel)
    {
        byte[] length = new byte[4];
        await line.ReadExactlyAsync(length, cancel);
        int size = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (size is < 0 or > LongestArguments)
            throw new SeguroException(ErrorCode.Corrupt, $"a relay says that its arguments have {size} bytes", "Look what else connects to the member's vere.sock.");
        byte[] text = new byte[size];
        await line.ReadExactlyAsync(text, cancel);
        return size == 0 ? [] : Encoding.UTF8.GetString(text[..^1]).Split('\0');
    }

    /// <summary>Tells the relay how to end.</summary>
    public static async Task SendExitAsync(Stream line, int code, CancellationToken cancel)
    {
        byte[] message = new byte[5];
        message[4] = (byte)code;
        await line.WriteAsync(message, cancel);
    }

    /// <summary>The relay: carries bytes from the king that started it to the member and back, until the member says how it is to end.</summary>
    /// <param name="socket">The socket's path.</param>
    /// <param name="arguments">With which arguments the king started it.</param>
    /// <param name="king">What the king sends.</param>
    /// <param name="toKing">What the king hears.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The exit code; 1 where the member is gone.</returns>
    public static async Task<int> CarryAsync(string socket, IReadOnlyList<string> arguments, Stream king, Stream toKing, CancellationToken cancel)
    {
        using Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
        await using NetworkStream line = new(connection, ownsSocket: false);
        await SendArgumentsAsync(line, arguments, cancel);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task sending = SendAsync(king, line, connection, over.Token);
        try
        {
            return await HearAsync(line, toKing, cancel);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return 1;
        }
        finally
        {
            await over.CancelAsync();
            _ = sending; // a read from a pipe can't be ended; the process's end does it
        }
    }

    private static async Task SendAsync(Stream king, NetworkStream line, Socket connection, CancellationToken over)
    {
        try
        {
            await king.CopyToAsync(line, over);
            connection.Shutdown(SocketShutdown.Send);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other direction finds that out, too.
        }
    }

    private static async Task<int> HearAsync(NetworkStream line, Stream toKing, CancellationToken cancel)
    {
        byte[] length = new byte[4];
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            await line.ReadExactlyAsync(length, cancel);
            uint left = BinaryPrimitives.ReadUInt32LittleEndian(length);
            if (left == 0)
            {
                await line.ReadExactlyAsync(length.AsMemory(0, 1), cancel);
                return length[0];
            }
            while (left > 0)
            {
                int part = (int)Math.Min(left, (uint)buffer.Length);
                await line.ReadExactlyAsync(buffer.AsMemory(0, part), cancel);
                await toKing.WriteAsync(buffer.AsMemory(0, part), cancel);
                left -= (uint)part;
            }
            await toKing.FlushAsync(cancel);
        }
    }
}
