using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>The way to the ship's HTTP, between real servers and real clients.</summary>
public sealed class HttpRelayTests : IAsyncLifetime
{
    private readonly ShipPlaces _places = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<WebApplication> _ships = [];
    private readonly List<HttpRelay> _relays = [];
    private readonly List<Task> _running = [];
    private HttpRelay _relay = null!;

    public ValueTask InitializeAsync()
    {
        _relay = Start(HttpRelay.MostConnections);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        foreach (HttpRelay relay in _relays)
            relay.Dispose();
        foreach (WebApplication ship in _ships)
            await ship.DisposeAsync();
        _stop.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_repeats_is_served_by_the_next_master_on_the_connections_that_it_keeps()
    {
        (ShipPlace first, ShipPlace second) = (await ShipAsync("m1", 1), await ShipAsync("m2", 2));
        using HttpClient client = Client();
        _places.Set(first);
        for (int i = 0; i < 10; i++)
            Assert.Equal("m1", await client.GetStringAsync("/who", TestContext.Current.CancellationToken));
        Assert.Equal(1, _relay.Stats.Accepted); // one connection, kept alive
        _places.Set(second);
        await UntilAsync(static stats => stats.Cut == 1);
        Assert.Equal("m2", await client.GetStringAsync("/who", TestContext.Current.CancellationToken)); // the client finds its connection dead before it sends
        Assert.Equal(2, _relay.Stats.Accepted);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_request_that_comes_while_nobody_is_master_waits_for_the_next_one()
    {
        ShipPlace second = await ShipAsync("m2", 2);
        using HttpClient client = Client();
        _places.Set(second with { HttpPort = 0 }); // its king has no port yet
        Task<string> asked = client.GetStringAsync("/who", TestContext.Current.CancellationToken);
        await UntilAsync(static stats => stats.Open == 1);
        Assert.False(asked.IsCompleted);
        _places.Set(second);
        Assert.Equal("m2", await asked);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_answer_that_a_takeover_breaks_off_does_not_look_complete()
    {
        ShipPlace first = await ShipAsync("m1", 1);
        _places.Set(first);
        using Socket client = await ConnectAsync();
        await client.SendAsync("GET /endless HTTP/1.0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        byte[] buffer = new byte[4096];
        StringBuilder heard = new();
        while (!heard.ToString().Contains("part", StringComparison.Ordinal))
            heard.Append(Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer, TestContext.Current.CancellationToken)));
        _places.Set(null);
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await client.ReceiveAsync(buffer, TestContext.Current.CancellationToken) > 0)
            {
                // what was on its way
            }
        });
        await UntilAsync(static stats => stats is { Cut: 1, Open: 0 });
    }

    [Fact(Timeout = 60_000)]
    public async Task Web_sockets_and_events_of_a_server_go_through_and_are_cut_at_a_takeover()
    {
        (ShipPlace first, ShipPlace second) = (await ShipAsync("m1", 1), await ShipAsync("m2", 2));
        _places.Set(first);
        using ClientWebSocket web = new();
        await web.ConnectAsync(new Uri($"ws://{_relay.Address}/echo"), TestContext.Current.CancellationToken);
        byte[] message = [.. Enumerable.Range(0, 100_000).Select(static number => (byte)number)];
        await web.SendAsync(message, WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        byte[] echoed = new byte[message.Length];
        for (int got = 0; got < echoed.Length;)
            got += (await web.ReceiveAsync(echoed.AsMemory(got), TestContext.Current.CancellationToken)).Count;
        Assert.Equal(message, echoed);

        using HttpClient client = Client();
        using StreamReader events = new(await client.GetStreamAsync("/events", TestContext.Current.CancellationToken));
        Assert.Equal("data: 0", await events.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("data: 1", await events.ReadLineAsync(TestContext.Current.CancellationToken));
        _places.Set(second);
        await Assert.ThrowsAnyAsync<Exception>(async () => await web.ReceiveAsync(echoed.AsMemory(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await events.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
            {
                // what was on its way
            }
        });
        using StreamReader again = new(await client.GetStreamAsync("/events", TestContext.Current.CancellationToken));
        Assert.Equal("data: 0", await again.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Long_bodies_go_through_both_ways()
    {
        _places.Set(await ShipAsync("m1", 1));
        using HttpClient client = Client();
        byte[] body = new byte[20 << 20];
        new Random(7).NextBytes(body);
        using HttpResponseMessage answer = await client.PostAsync("/body", new ByteArrayContent(body), TestContext.Current.CancellationToken);
        Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_does_not_read_stops_the_ship_and_nobody_else()
    {
        _places.Set(await ShipAsync("m1", 1));
        using Socket slow = await ConnectAsync();
        slow.ReceiveBufferSize = 4096;
        await slow.SendAsync("GET /flood HTTP/1.1\r\nHost: ship\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        // The ship writes until the buffers between are full, which are the kernel's.
        long before = -1;
        while (before != Volatile.Read(ref _flooded) || before == 0)
        {
            before = Volatile.Read(ref _flooded);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        Assert.InRange(before, 1, 64 << 20);
        using HttpClient client = Client();
        Assert.Equal("m1", await client.GetStringAsync("/who", TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Who_says_nothing_does_not_reach_the_ship_and_the_most_silent_makes_room()
    {
        _places.Set(await ShipAsync("m1", 1));
        ManualClock time = new();
        HttpRelay relay = Start(3, time);
        Socket[] silent = [await ConnectAsync(relay), await ConnectAsync(relay), await ConnectAsync(relay)];
        while (relay.Stats.Open < 3)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        Assert.Equal(0, Volatile.Read(ref _connections));
        time.Advance(TimeSpan.FromSeconds(11));
        using HttpClient client = new() { BaseAddress = new Uri($"http://{relay.Address}") };
        Assert.Equal("m1", await client.GetStringAsync("/who", TestContext.Current.CancellationToken));
        Assert.Equal(1, relay.Stats.MadeRoom);
        foreach (Socket socket in silent)
            socket.Dispose();
    }

    [Fact]
    public async Task A_master_says_where_its_ship_is_and_that_counts_only_while_its_term_is_in_force()
    {
        Socket first = BalancerBed.NewSocket();
        Socket second = BalancerBed.NewSocket();
        await using BalancerBed bed = BalancerBed.Start(first, second);
        ShipPlaces places = bed.Balancer.Ship;
        Hello(first, 3, isMaster: true, udp: 31337, http: 8080);
        Assert.Equal(new ShipPlace("m1", IPAddress.Loopback, new Term(3), 31337, 8080), places.Current);
        Hello(second, 3, isMaster: false, udp: 31337, http: 0); // a replica says nothing of the ship
        Assert.Equal("m1", places.Current?.Member);
        Hello(second, 4, isMaster: true, udp: 31337, http: 0);
        Assert.Equal(new ShipPlace("m2", IPAddress.Loopback, new Term(4), 31337, 0), places.Current);
        Hello(first, 3, isMaster: true, udp: 31337, http: 8080); // it does not know yet
        Assert.Equal("m2", places.Current?.Member);
        Hello(second, 4, isMaster: false, udp: 31337, http: 0); // it stepped down
        Assert.Null(places.Current);

        void Hello(Socket member, ulong term, bool isMaster, ushort udp, ushort http)
        {
            member.SendTo(bed.Hello(member, term, isMaster, [.. BitConverter.GetBytes(udp), .. BitConverter.GetBytes(http)]), bed.Balancer.Inside);
            bed.ReceiveWelcome(member); // it is answered after it was taken
        }
    }

    private long _flooded;
    private int _connections;

    private HttpRelay Start(int most, TimeProvider? time = null)
    {
        HttpRelay relay = HttpRelay.Bind(new IPEndPoint(IPAddress.Loopback, 0), _places, time ?? TimeProvider.System, most);
        _relays.Add(relay);
        _running.Add(relay.RunAsync(_stop.Token));
        return relay;
    }

    private HttpClient Client() => new() { BaseAddress = new Uri($"http://{_relay.Address}") };

    private async Task<Socket> ConnectAsync(HttpRelay? relay = null)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((relay ?? _relay).Address, TestContext.Current.CancellationToken);
        return socket;
    }

    private async Task UntilAsync(Func<HttpRelayStats, bool> wanted)
    {
        while (!wanted(_relay.Stats))
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }

    /// <summary>What answers as a member's ship would.</summary>
    private async Task<ShipPlace> ShipAsync(string name, ulong term)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0, listen => listen.Use(next => connection =>
            {
                Interlocked.Increment(ref _connections);
                return next(connection);
            }));
            server.Limits.MaxRequestBodySize = 1 << 30;
            server.Limits.MinResponseDataRate = null;
        });
        WebApplication ship = builder.Build();
        ship.UseWebSockets();
        ship.Run(async context =>
        {
            switch (context.Request.Path.Value)
            {
                case "/who":
                    await context.Response.WriteAsync(name, TestContext.Current.CancellationToken);
                    break;
                case "/body":
                    using (MemoryStream body = new())
                    {
                        await context.Request.Body.CopyToAsync(body, TestContext.Current.CancellationToken);
                        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), TestContext.Current.CancellationToken);
                    }
                    break;
                case "/echo":
                    await EchoAsync(await context.WebSockets.AcceptWebSocketAsync());
                    break;
                case "/events":
                    context.Response.ContentType = "text/event-stream";
                    await context.Response.WriteAsync("data: 0\ndata: 1\n", TestContext.Current.CancellationToken);
                    await context.Response.Body.FlushAsync(TestContext.Current.CancellationToken);
                    await UntilGoneAsync(context);
                    break;
                case "/endless":
                    await context.Response.WriteAsync("part", TestContext.Current.CancellationToken);
                    await context.Response.Body.FlushAsync(TestContext.Current.CancellationToken);
                    await UntilGoneAsync(context);
                    break;
                case "/flood":
                    byte[] part = new byte[64 * 1024];
                    while (!context.RequestAborted.IsCancellationRequested)
                    {
                        await context.Response.Body.WriteAsync(part, context.RequestAborted);
                        await context.Response.Body.FlushAsync(context.RequestAborted);
                        Interlocked.Add(ref _flooded, part.Length);
                    }
                    break;
            }
        });
        await ship.StartAsync(TestContext.Current.CancellationToken);
        _ships.Add(ship);
        return new ShipPlace(name, IPAddress.Loopback, new Term(term), 0, new Uri(ship.Urls.First()).Port);
    }

    private static async Task UntilGoneAsync(HttpContext context) =>
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static async Task EchoAsync(WebSocket web)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                WebSocketReceiveResult got = await web.ReceiveAsync(new ArraySegment<byte>(buffer), TestContext.Current.CancellationToken);
                if (got.MessageType == WebSocketMessageType.Close)
                    return;
                await web.SendAsync(new ArraySegment<byte>(buffer, 0, got.Count), WebSocketMessageType.Binary, got.EndOfMessage, TestContext.Current.CancellationToken);
            }
        }
        catch (WebSocketException)
        {
            // cut
        }
    }

    /// <summary>A clock whose stopwatch is set by hand; its timers are the system's.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
