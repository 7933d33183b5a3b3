using System.Net;
using System.Net.Sockets;
using Seguro.Nock.Drivers;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>The network: one UDP socket (vere-facts.md §7.1). It looks up no galaxies: those of a local ship are on this machine, others are nowhere.</summary>
sealed class Ames(King king) : Driver(king)
{
    private const int MostHeard = 30;
    private const int LocalPort = 31337;
    private const int GalaxyPort = 13337;
    private Socket? _socket;
    private AmesRules? _rules;

    /// <summary>The port that it has.</summary>
    public int Port => ((IPEndPoint)_socket!.LocalEndPoint!).Port;

    /// <summary>Datagrams that were dropped since too many waited.</summary>
    public long Dropped { get; private set; }

    /// <inheritdoc/>
    public override void Talk()
    {
        bool isGalaxy = King.Who <= byte.MaxValue;
        int port = King.Options.AmesPort ?? (isGalaxy ? (King.IsLocal ? LocalPort : GalaxyPort) + (int)King.Who : 0);
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.Bind(new IPEndPoint(King.IsLocal ? IPAddress.Loopback : IPAddress.Any, port));
        }
        catch (SocketException error)
        {
            throw VereExit.Failed($"ames: bind: {port}: {error.Message}");
        }
        Console.Error.WriteLine($"ames: live on {Port}");
        King.Peek(NounList.Some(0), Cell.Of(1, "once", "ax", 0, NounList.Path("protocol", "version")), Filter);
        Plan(NounList.Path("a", "ames"), Cell.Of("born", 0), () => IsLive = true);
        _ = HearAsync(_socket);
    }

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card)
    {
        if (!Begins(wire, "ames") && !Begins(wire, "newt"))
            return false;
        if (!AmesDriver.TryReadSends(Jam.ToBytes(new Cell(wire, card)), out IReadOnlyList<AmesSend> sends))
            return true;
        foreach (AmesSend send in sends)
        {
            if ((send.Destination ?? (King.IsLocal && send.Galaxy is { } galaxy ? new IPEndPoint(IPAddress.Loopback, LocalPort + galaxy) : null)) is { } to)
                Send(send.Datagram, to);
        }
        return true;
    }

    /// <inheritdoc/>
    protected override ValueTask StopAsync()
    {
        _socket?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Send(ReadOnlyMemory<byte> datagram, IPEndPoint to)
    {
        try
        {
            _socket!.SendTo(datagram.Span, to);
        }
        catch (SocketException)
        {
            // Nobody there, or no way: as with any datagram that is lost.
        }
    }

    // A kernel that says no version takes whatever comes.
    private void Filter(bool isDone, Noun answer)
    {
        if (isDone && Axis.At(answer, 30) == (Noun)"noun" && Axis.At(answer, 31) is Atom version && version.TryGet(out ulong number))
            _rules = new AmesRules(King.Who, (uint)number);
    }

    private async Task HearAsync(Socket socket)
    {
        byte[] buffer = new byte[ushort.MaxValue];
        while (true)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
            }
            catch (SocketException error) when (error.SocketErrorCode is not SocketError.OperationAborted)
            {
                continue; // ICMP of an earlier send
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
            byte[] datagram = buffer[..received.ReceivedBytes];
            IPEndPoint from = (IPEndPoint)received.RemoteEndPoint;
            try
            {
                await King.PostAsync(() => Hear(from, datagram));
            }
            catch (System.Threading.Channels.ChannelClosedException)
            {
                return;
            }
        }
    }

    private void Hear(IPEndPoint from, byte[] datagram)
    {
        if (AmesDriver.Hear(from, datagram, _rules, out _, out _) is not { } ovum)
            return;
        if (Waiting >= MostHeard)
        {
            DropOldest();
            Dropped++;
        }
        Plan(new KingOvum(Cue.From(ovum)));
    }
}
