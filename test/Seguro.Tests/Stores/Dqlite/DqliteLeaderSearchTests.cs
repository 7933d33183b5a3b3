using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Stores.Dqlite;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>Looking for the leader costs a busy cluster little, and hears who answers late. The node is made here: a real one can't be told when to answer.</summary>
public sealed class DqliteLeaderSearchTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<bool> _asked = Channel.CreateUnbounded<bool>();
    private readonly Channel<bool> _answers = Channel.CreateUnbounded<bool>();
    private int _connections;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private HostAddress Address => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    [Fact]
    public async Task Asks_again_on_the_connection_that_it_has()
    {
        Serve();
        FakeTimeProvider time = new();
        DqliteLeaderSearch search = new([Address], tls: null, time);
        Task<DqliteConnection> finding = search.FindAsync(TimeSpan.FromDays(1000), Cancel).AsTask();
        int asked = 0;
        foreach (bool leads in new[] { false, false, false, false, false, true })
        {
            // The first question comes by itself, and with it there is a connection; each other one after a pause.
            while (asked > 0 && !_asked.Reader.TryPeek(out _))
            {
                time.Advance(DqliteLeaderSearch.AnswerLimit / 100);
                await Task.Yield();
            }
            await _asked.Reader.ReadAsync(Cancel);
            asked++;
            _answers.Writer.TryWrite(leads);
        }
        while (!finding.IsCompleted)
        {
            time.Advance(DqliteLeaderSearch.AnswerLimit / 100);
            await Task.Yield();
        }
        await using DqliteConnection leader = await finding;
        Assert.Equal(Address.ToString(), leader.Node);
        Assert.Equal((0, 1), (_asked.Reader.Count, _connections));
    }

    [Fact]
    public async Task Hears_a_node_that_takes_longer_than_a_round()
    {
        Serve();
        FakeTimeProvider time = new();
        DqliteLeaderSearch search = new([Address], tls: null, time);
        Task<DqliteConnection> found = search.FindAsync(TimeSpan.FromDays(1000), Cancel).AsTask();
        await _asked.Reader.ReadAsync(Cancel);
        // Two rounds end without an answer.
        time.Advance(DqliteLeaderSearch.AnswerLimit);
        time.Advance(DqliteLeaderSearch.AnswerLimit);
        _answers.Writer.TryWrite(true);
        while (!found.IsCompleted)
        {
            time.Advance(DqliteLeaderSearch.AnswerLimit / 10);
            await Task.Yield();
        }
        await using DqliteConnection leader = await found;
        Assert.Equal((0, 1), (_asked.Reader.Count, _connections));
    }

    public void Dispose() => _listener.Dispose();

    private void Serve()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(Cancel);
            Interlocked.Increment(ref _connections);
            _ = SpeakAsync(client);
        }
    }

    private async Task SpeakAsync(TcpClient client)
    {
        using (client)
        {
            NetworkStream stream = client.GetStream();
            byte[] request = new byte[16];
            await stream.ReadExactlyAsync(request.AsMemory(0, 8), Cancel); // the protocol's version
            while (true)
            {
                await stream.ReadExactlyAsync(request, Cancel);
                _asked.Writer.TryWrite(true);
                bool leads = await _answers.Reader.ReadAsync(Cancel);
                byte[] name = new byte[24];
                if (leads)
                    Encoding.UTF8.GetBytes(Address.ToString(), name);
                await stream.WriteAsync(WireStream.Frame(1, [.. WireStream.Words(leads ? 1UL : 0), .. name]), Cancel);
            }
        }
    }
}
