using System.Globalization;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>
/// The control socket <c>.urb/conn.sock</c> (vere-facts.md §7.2, §13.9): <c>%peel</c>, <c>%peek</c>, <c>%fyrd</c>, <c>%ovum</c>, <c>%urth</c>. A client that hangs up before its answer takes the king
/// down, as in vere 4.6 (§13.6).
/// </summary>
sealed class Control(King king) : Driver(king)
{
    private const int LargestRequest = 64 << 20;
    private const int Backlog = 16;
    private readonly Noun _instance = Clock.Instance();
    private readonly Dictionary<string, (Socket Client, Noun Id)> _asked = [];
    private readonly HashSet<string> _askers = [];
    private Socket? _listener;
    private int _clients;

    private string SocketPath => Path.Combine(King.Options.Pier, ".urb", "conn.sock");

    /// <inheritdoc/>
    public override void Talk()
    {
        File.Delete(SocketPath);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
            _listener.Listen(Backlog);
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw VereExit.Failed($"conn: {SocketPath}: {error.Message}");
        }
        Plan(NounList.Of("k", "khan", _instance), Cell.Of("born", 0), () => IsLive = true, _ => IsLive = true);
        _ = AcceptAsync(_listener);
    }

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card)
    {
        if (!Begins(wire, "khan"))
            return false;
        // [/khan/instance/client/request %avow answer]
        if (Axis.At(wire, 6) == _instance && TagOf(card) == "avow" && _asked.Remove(NounList.PathText(wire), out (Socket Client, Noun Id) asked))
            Reply(asked.Client, new Cell(asked.Id, card));
        return true;
    }

    /// <inheritdoc/>
    protected override ValueTask StopAsync()
    {
        _listener?.Dispose();
        File.Delete(SocketPath);
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                _ = ReadAsync(await listener.AcceptAsync());
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The king ends.
        }
    }

    private async Task ReadAsync(Socket client)
    {
        string name = Interlocked.Increment(ref _clients).ToString(CultureInfo.InvariantCulture);
        try
        {
            await using NetworkStream stream = new(client);
            while (await Newt.ReadAsync(stream, LargestRequest, CancellationToken.None) is { } frame)
                await King.PostAsync(() => Take(client, name, frame));
        }
        catch (Exception error) when (error is SeguroException or IOException or SocketException or System.Threading.Channels.ChannelClosedException)
        {
            // Whatever it said is not understood: nothing more is heard from it.
        }
        try
        {
            await King.PostAsync(() => Leave(client, name));
        }
        catch (System.Threading.Channels.ChannelClosedException)
        {
            // The king ends.
        }
    }

    // The kernel is told of the end of a client that had asked it something.
    private void Leave(Socket client, string name)
    {
        if (!_asked.Values.Any(asked => asked.Client == client))
            client.Dispose();
        if (_askers.Remove(name))
            Plan(NounList.Of("k", "khan", _instance, name), Cell.Of("done", 0));
    }

    private void Take(Socket client, string name, byte[] frame)
    {
        Noun message;
        try
        {
            message = Cue.From(frame);
        }
        catch (NounException)
        {
            Reply(client, Cell.Of(0, "bail", (ulong)uint.MaxValue, "cue-bad"));
            return;
        }
        if (message is not Cell { Head: Atom id, Tail: Cell { Head: Atom tag, Tail: Noun rest } request })
        {
            Reply(client, Cell.Of(0, "bail", (ulong)uint.MaxValue - 1, "jar-bad"));
            return;
        }
        switch (Cord.Text(tag))
        {
            case "peel":
                Reply(client, new Cell(id, Peel(NounList.PathText(rest)) is { } answer ? NounList.Some(answer) : Atom.Zero));
                break;
            case "peek":
                King.Peek(NounList.Some(0), rest, (isDone, result) => Reply(client, Cell.Of(id, "peek", isDone ? result : Atom.Zero)));
                break;
            case "urth":
                King.Live(rest is Atom word ? Cell.Of(word, 0) : rest, static (_, _) => { });
                Reply(client, Cell.Of(id, 0));
                break;
            case "ovum" when rest is Cell { Head: Noun target, Tail: Cell { Head: Noun path, Tail: Noun card } }:
                Plan(new Cell(target, path), card, () => Reply(client, Cell.Of(id, "news", "done")), goofs => Reply(client, Cell.Of(id, "bail", goofs)));
                break;
            case "fyrd":
                Noun wire = NounList.Of("khan", _instance, name, Uv.Format(id));
                _asked[NounList.PathText(wire)] = (client, id);
                _askers.Add(name);
                Plan(new Cell(Cord.Of("k"), wire), request, failed: goofs => Reply(client, Cell.Of(id, "bail", goofs)));
                break;
            default:
                Reply(client, Cell.Of(0, "bail", (ulong)uint.MaxValue - 2, "tag-unknown"));
                break;
        }
    }

    private Noun? Peel(string path) => path switch
    {
        "/live" => Atom.Flag(King.IsLive),
        "/who" => Atom.Of(King.Who),
        "/v" => Cord.Of(StandInVersion.Text),
        "/port/ames" => King.Find<Ames>()!.Port,
        "/port/http" when King.Find<HttpServerDriver>()!.Port is > 0 and var port => port,
        "/info" => Cell.Of("standin-vere", King.Number),
        _ => null,
    };

    private void Reply(Socket client, Noun message)
    {
        try
        {
            client.Send(Newt.Frame(message));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            King.Crash("newt: write failed broken pipe");
        }
    }
}
