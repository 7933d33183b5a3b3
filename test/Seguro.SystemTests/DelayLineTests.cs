using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>The line on which distance is measured. All times are checked from below only: a busy machine makes them longer.</summary>
public sealed class DelayLineTests : IAsyncLifetime
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(15);

    public async ValueTask InitializeAsync()
    {
        // Not every machine has /dev/net/tun.
        if (await DelayLine.WhyNotAsync() is { } why)
            Assert.Skip(why);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory(Timeout = 60_000)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 2)]
    public async Task Every_datagram_takes_the_delay_and_none_overtakes_another(int from, int to)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using DelayLine line = await DelayLine.CreateAsync(3, OneWay);
        using Socket sender = Bind(line.Places[from]);
        using Socket receiver = Bind(line.Places[to]);
        long[] sent = new long[100];
        Task sending = Task.Run(() =>
        {
            for (int number = 0; number < sent.Length; number++)
            {
                Volatile.Write(ref sent[number], Stopwatch.GetTimestamp());
                sender.SendTo(BitConverter.GetBytes(number), receiver.LocalEndPoint!);
            }
        }, cancel);
        byte[] datagram = new byte[8];
        for (int number = 0; number < sent.Length; number++)
        {
            Assert.Equal(4, await receiver.ReceiveAsync(datagram, cancel));
            TimeSpan took = Stopwatch.GetElapsedTime(Volatile.Read(ref sent[number]));
            Assert.Equal(number, BitConverter.ToInt32(datagram));
            Assert.True(took >= OneWay, $"{took}");
        }
        await sending;
        Assert.Equal((sent.Length, 0), (line.Carried, line.Lost));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_new_delay_holds_for_what_is_sent_after_it_and_keeps_the_order()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using DelayLine line = await DelayLine.CreateAsync(2, OneWay);
        using Socket sender = Bind(line.Places[0]);
        using Socket receiver = Bind(line.Places[1]);
        long start = Stopwatch.GetTimestamp();
        sender.SendTo([1], receiver.LocalEndPoint!);
        // Not before the first is on its way: what was sent is not yet taken by the line.
        while (line.OnTheWay == 0 && line.Carried == 0)
            await Task.Yield();
        line.OneWay = TimeSpan.Zero;
        sender.SendTo([2], receiver.LocalEndPoint!);
        byte[] datagram = new byte[8];
        foreach (byte number in (byte[])[1, 2])
        {
            await receiver.ReceiveAsync(datagram, cancel);
            Assert.Equal(number, datagram[0]);
            Assert.True(Stopwatch.GetElapsedTime(start) >= OneWay);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_does_not_fit_on_the_line_is_lost_and_counted()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using DelayLine line = await DelayLine.CreateAsync(2, TimeSpan.FromMinutes(10));
        using Socket sender = Bind(line.Places[0]);
        using Socket receiver = Bind(line.Places[1]);
        while (line.Lost == 0)
        {
            sender.SendTo([1], receiver.LocalEndPoint!);
            cancel.ThrowIfCancellationRequested();
        }
        Assert.Equal(DelayLine.Capacity, line.OnTheWay);
        Assert.Equal((0, 0), (line.Carried, receiver.Available));
    }

    [Theory(Timeout = 180_000)]
    [InlineData("postgresql")]
    [InlineData("dqlite")]
    [InlineData("etcd")]
    public async Task A_commit_that_needs_another_place_takes_a_round_trip(string engine)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using DelayLine line = await DelayLine.CreateAsync(3, TimeSpan.Zero);
        await using PostgresCluster? postgres = engine == "postgresql" ? await PostgresCluster.StartAsync(places: line.Places) : null;
        await using DqliteCluster? dqlite = engine == "dqlite" ? await DqliteCluster.StartAsync(3, places: line.Places, cancel: cancel) : null;
        await using EtcdCluster? etcd = engine == "etcd" ? await EtcdCluster.StartAsync(places: line.Places, cancel: cancel) : null;
        string url = postgres?.Url ?? dqlite?.Url ?? etcd!.Url;
        StoreOptions options = new() { Create = true, Certificates = dqlite?.Certificates ?? etcd?.Certificates };
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(url), options, cancel);
        await using EventLog log = new(await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        line.OneWay = OneWay;
        for (int number = 0; number < 5; number++)
        {
            long start = Stopwatch.GetTimestamp();
            AppendResult result = await log.AppendAsync(lease.Term, head, [new byte[500]], cancel);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            Assert.True(result.IsCommitted, result.Outcome.ToString());
            Assert.True(took >= 2 * OneWay, $"{took}");
            head = result.Reached;
        }
    }

    private static Socket Bind(LinePlace place) => place.Enter(() =>
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(place.Address, 0));
        return socket;
    });
}
