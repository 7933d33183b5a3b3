using System.Net.Http;
using System.Net.Sockets;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Vere.Protocol;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>The sequences of vere-facts.md §10 A.1 to A.3 and §13.3, between the stand-in's king and worker, by what a recorder between them saw.</summary>
public sealed class KingSequenceTests : IDisposable
{
    private readonly StandInPier _pier = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_is_that_of_the_recorded_session_and_a_stop_leaves_nothing()
    {
        await _pier.BootAsync();
        await using (StandInVere king = await _pier.LiveAsync())
        {
            Assert.True(File.Exists(Path.Combine(_pier.Path, ".urb/conn.sock")));
            Assert.Contains($"{_pier.HttpPort} insecure public", await File.ReadAllTextAsync(Path.Combine(_pier.Path, ".http.ports"), Cancel), StringComparison.Ordinal);
            await king.SignalAsync("TERM");
            Assert.Equal(0, await king.EndAsync(Cancel));
        }

        List<(string Name, Noun Message)> ours = _pier.Recorded();
        Assert.Equal("<ripe", ours[0].Name);
        Assert.Equal(
            [.. StartOf(Recording.Frames.Where(static frame => frame.IsKings).Select(static frame => Cue.From(frame.Frame.AsSpan(Newt.HeaderBytes))))],
            StartOf(ours.Where(IsTask).Select(static frame => frame.Message)));
        Assert.InRange(MostOutstanding(ours), 1, 10);
        Assert.Equal(">exit", ours[^1].Name);
        Assert.Equal(0, Outstanding(ours));

        using Pier ended = Pier.Open(_pier.Path, PierAccess.Offline);
        Assert.Contains(ended.Info.Images, image => image.Event == ended.Info.Last);
        Assert.Equal([], new[] { ".vere.lock", ".http.ports", ".urb/conn.sock" }.Where(name => Path.Exists(Path.Combine(_pier.Path, name))));
    }

    [Fact]
    public async Task A_worker_that_is_killed_takes_the_king_with_it_and_the_next_start_computes_what_the_snapshot_lacks()
    {
        await _pier.BootAsync();
        ulong events;
        await using (StandInVere king = _pier.StartKing([]))
        {
            await king.SaysAsync(StandInPier.Live, Cancel);
            (_, events) = await _pier.AskAsync("before");
            await Tool.SignalAsync("KILL", [_pier.LockedBy()]);
            Assert.Equal(1, await king.EndAsync(Cancel));
            Assert.Contains("work exit", king.Text, StringComparison.Ordinal);
        }
        Assert.Equal([".vere.lock"], new[] { ".vere.lock", ".http.ports", ".urb/conn.sock" }.Where(name => Path.Exists(Path.Combine(_pier.Path, name))));

        await using StandInVere next = await _pier.LiveAsync();
        Assert.Contains("created epoch", next.Text, StringComparison.Ordinal);
        // What was answered is there; the start itself has added events.
        (ulong datagrams, ulong later) = await _pier.AskAsync("after");
        Assert.Equal(2u, datagrams);
        Assert.InRange(later - events, 12u, 20u);
    }

    [Fact]
    public async Task A_king_that_is_killed_takes_the_worker_with_it_and_nothing_is_lost()
    {
        await _pier.BootAsync();
        int worker;
        await using (StandInVere king = _pier.StartKing([]))
        {
            await king.SaysAsync(StandInPier.Live, Cancel);
            await _pier.AskAsync("before");
            worker = _pier.LockedBy();
            await king.SignalAsync("KILL");
            await king.EndAsync(Cancel);
        }
        await _pier.FreeAsync();
        while (Tool.IsRunning(worker)) // its lock is free a moment before it is gone
            await Task.Delay(TimeSpan.FromMilliseconds(10), Cancel);
        await using StandInVere next = await _pier.LiveAsync();
        Assert.Equal(2u, (await _pier.AskAsync("after")).Datagrams);
    }

    [Fact]
    public async Task A_second_worker_is_refused()
    {
        await _pier.BootAsync();
        await using StandInVere king = await _pier.LiveAsync();
        await using StandInWorker second = StandInWorker.Start(_pier.Path, _pier.Version);
        Assert.Null(await second.HearAsync(Cancel));
        (int code, string text) = await second.EndAsync(Cancel);
        Assert.Equal(143, code);
        Assert.Contains($"{_pier.LockedBy()}", text, StringComparison.Ordinal);
        await _pier.AskAsync("still here");
    }

    [Fact]
    public async Task A_king_whose_worker_is_not_ready_binds_nothing_and_ends_with_it()
    {
        await _pier.BootAsync();
        // It says nothing, and ends when it was sent the 11 bytes of [%exit ~].
        string waiting = Path.Combine(Path.GetDirectoryName(_pier.Path)!, "waiting");
        await File.WriteAllTextAsync(waiting, "#!/bin/sh\necho waiting >&2\nhead -c 11 >/dev/null\n", Cancel);
        File.SetUnixFileMode(waiting, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using StandInVere king = _pier.StartKing([], "--serf-bin", waiting);
        await king.SaysAsync("waiting", Cancel);
        Assert.Equal([], new[] { ".vere.lock", ".http.ports", ".urb/conn.sock" }.Where(name => Path.Exists(Path.Combine(_pier.Path, name))));
        using (Socket free = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
            free.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, _pier.AmesPort));
        Assert.Equal(0, (await _pier.UtilityAsync("play")).Code);
        await king.SignalAsync("TERM");
        Assert.Equal(0, await king.EndAsync(Cancel));
    }

    [Fact]
    public async Task Timers_requests_keys_and_the_control_socket_reach_the_ship()
    {
        await _pier.BootAsync();
        await using StandInVere king = await _pier.LiveAsync();
        await _pier.AskAsync("timer please");
        byte[] tick = await _pier.HearAsync();
        Assert.Equal("tick"u8.ToArray(), tick[..4]);

        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{_pier.HttpPort}") };
        byte[] first = await client.GetByteArrayAsync(new Uri("/~/anything", UriKind.Relative), Cancel);
        using ByteArrayContent body = new([1, 2, 3]);
        using HttpResponseMessage second = await client.PostAsync(new Uri("/~/else", UriKind.Relative), body, Cancel);
        Assert.Equal(1u, BitConverter.ToUInt64(first));
        Assert.Equal(2u, BitConverter.ToUInt64(await second.Content.ReadAsByteArrayAsync(Cancel)));

        await king.TypeAsync("some words", Cancel);
        await king.SaysAsync("some words", Cancel);

        using Socket control = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await control.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_pier.Path, ".urb/conn.sock")), Cancel);
        await using NetworkStream stream = new(control);
        await stream.WriteAsync(Newt.Frame(Cell.Of(7, "peel", NounList.Path("live"))), Cancel);
        Assert.Equal(Cell.Of(7, 0, 0), Cue.From((await Newt.ReadAsync(stream, 1000, Cancel))!));
        await stream.WriteAsync(Newt.Frame(Cell.Of(8, "fyrd", "base", 0)), Cancel);
        Noun avowed = Cue.From((await Newt.ReadAsync(stream, 1000, Cancel))!);
        Assert.Equal(Cell.Of(8, "avow", 0, "noun", Axis.Get(avowed, 31)), avowed);

        await _pier.TellAsync("leave");
        Assert.Equal(0, await king.EndAsync(Cancel));
    }

    [Fact]
    public async Task A_client_of_the_control_socket_that_hangs_up_takes_the_king_down()
    {
        await _pier.BootAsync();
        await using StandInVere king = _pier.StartKing([]);
        await king.SaysAsync(StandInPier.Live, Cancel);
        int worker = _pier.LockedBy();
        await Tool.SignalAsync("STOP", [worker]); // so that no answer comes before the client is gone
        using (Socket control = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await control.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_pier.Path, ".urb/conn.sock")), Cancel);
            await control.SendAsync(Newt.Frame(Cell.Of(8, "fyrd", "base", 0)), Cancel);
        }
        await Tool.SignalAsync("CONT", [worker]);
        Assert.Equal(139, await king.EndAsync(Cancel));
    }

    public void Dispose() => _pier.Dispose();

    private static bool IsTask((string Name, Noun Message) frame) => frame.Name[0] == '>';

    // What it asks, with the wire's beginning and the card's tag; not entropy, times and ports.
    private static string[] StartOf(IEnumerable<Noun> tasks) =>
    [
        .. tasks.Take(15).Select(static task => Axis.At(task, 2) == (Noun)"poke"
            ? $"{Cord.Text((Atom)Axis.Get(task, 28))} {Cord.Text((Atom)Axis.Get(task, 58))} {Cord.Text((Atom)Axis.Get(task, 30))}"
            : $"peek {Axis.Get(task, 15)}"),
    ];

    private static int MostOutstanding(List<(string Name, Noun Message)> frames)
    {
        int most = 0;
        for (int at = 1; at <= frames.Count; at++)
            most = Math.Max(most, Outstanding(frames[..at]));
        return most;
    }

    private static int Outstanding(List<(string Name, Noun Message)> frames) =>
        frames.Count(static frame => frame.Name is ">poke" or ">peek") - frames.Count(static frame => frame.Name is "<poke" or "<peek");
}
