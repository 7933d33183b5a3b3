using System.Net.Sockets;
using System.Text;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Vere.Running;

/// <summary>The member's end of the relay: a socket in its folder, and the script that a king starts as its worker (<c>--serf-bin</c> takes a path and nothing more).</summary>
sealed class RelayDoor : IDisposable
{
    /// <summary>How many bytes the path of a Unix socket may have.</summary>
    private const int LongestSocket = 107;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string _socket;

    private RelayDoor(string socket, string script)
    {
        _socket = socket;
        Script = script;
    }

    /// <summary>What the king is to start.</summary>
    public string Script { get; }

    /// <summary>Makes both; what an earlier life left there is replaced.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the folder's path is too long; <see cref="ErrorCode.FileAccess"/>.</exception>
    public static RelayDoor Open(VereRunOptions options)
    {
        string socket = Path.Combine(options.Folder, "vere.sock");
        if (Encoding.UTF8.GetByteCount(socket) > LongestSocket)
            throw new SeguroException(ErrorCode.BadValue, $"{socket} has more than {LongestSocket} bytes, which a Unix socket's path may have", "Give the member a folder with a shorter path (member:folder).");
        RelayDoor door = new(socket, Path.Combine(options.Folder, "relay"));
        try
        {
            File.Delete(socket);
            door._listener.Bind(new UnixDomainSocketEndPoint(socket));
            door._listener.Listen(1);
            string command = string.Join(' ', options.Seguro.Append("relay").Append(socket).Select(Quoted));
            File.WriteAllText(door.Script, $"#!/bin/sh\nexec {command} -- \"$@\"\n");
            File.SetUnixFileMode(door.Script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return door;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or SocketException)
        {
            door.Dispose();
            throw FileFault.Writing(socket, refused);
        }
    }

    /// <summary>Waits for the relay.</summary>
    public async Task<NetworkStream> AcceptAsync(CancellationToken cancel) => new(await _listener.AcceptAsync(cancel), ownsSocket: true);

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_socket);
    }

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
