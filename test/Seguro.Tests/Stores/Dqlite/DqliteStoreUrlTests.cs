using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>What is refused before, or instead of, a conversation with a cluster.</summary>
public sealed class DqliteStoreUrlTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("dqlite://")]
    [InlineData("dqlite:127.0.0.1:9000")]
    [InlineData("dqlite://127.0.0.1")]
    [InlineData("dqlite://127.0.0.1:0")]
    [InlineData("dqlite://127.0.0.1:65536")]
    [InlineData("dqlite://127.0.0.1:+90")]
    [InlineData("dqlite://127.0.0.1:9000,")]
    [InlineData("dqlite://:9000")]
    [InlineData("dqlite://a b:9000")]
    [InlineData("dqlite://[::1:9000")]
    [InlineData("dqlite://127.0.0.1:9000/seguro?x=1")]
    public async Task Refuses_what_is_no_URL(string text)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(text, new StoreOptions()));
        Assert.Equal(ErrorCode.BadStoreUrl, error.Code);
    }

    [Theory]
    [InlineData("dqlite+plain://10.0.0.1:9000")]
    [InlineData("dqlite+plain://127.0.0.1:9000,db.example.com:9000")]
    public async Task Refuses_plain_traffic_beyond_this_machine(string text)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(text, new StoreOptions()));
        Assert.Equal(ErrorCode.InsecureTransport, error.Code);
    }

    [Fact]
    public async Task Says_that_certificates_are_missing()
    {
        SeguroException none = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync("dqlite://127.0.0.1:9", new StoreOptions()));
        Assert.Equal(ErrorCode.NotFound, none.Code);
        Assert.Contains("ca.crt", none.NextStep, StringComparison.Ordinal);
        SeguroException absent = await Assert.ThrowsAsync<SeguroException>(
            async () => await OpenAsync("dqlite://127.0.0.1:9", new StoreOptions { Certificates = "/nowhere/at/all" }));
        Assert.Equal(ErrorCode.NotFound, absent.Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(DqliteStore.SmallestWindow - 1)]
    [InlineData(DqliteStore.LargestWindow + 1)]
    public async Task Refuses_a_window_that_dqlite_can_not_keep(long window)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await OpenAsync("dqlite+plain://127.0.0.1:9", new StoreOptions { Window = window }));
        Assert.Equal(ErrorCode.BadValue, error.Code);
    }

    [Fact]
    public async Task Says_where_nobody_answers()
    {
        string url = $"dqlite+plain://127.0.0.1:{FreePort.Next()},localhost:{FreePort.Next()}";
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await OpenAsync(url, new StoreOptions { Patience = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Contains("127.0.0.1", error.Message, StringComparison.Ordinal);
        Assert.Contains("localhost", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_no_dqlite_is_told_at_once()
    {
        using TcpListener web = new(IPAddress.Loopback, 0);
        web.Start();
        Task serving = Task.Run(
            async () =>
            {
                using TcpClient client = await web.AcceptTcpClientAsync(Cancel);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Cancel);
                await client.GetStream().CopyToAsync(Stream.Null, Cancel);
            },
            Cancel);
        SeguroException error = await Assert.ThrowsAsync<DqliteException>(
            async () => await OpenAsync($"dqlite+plain://127.0.0.1:{((IPEndPoint)web.LocalEndpoint).Port}", new StoreOptions()));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        await serving;
    }

    [Fact]
    public async Task A_server_can_not_lure_a_plain_client_off_this_machine()
    {
        using TcpListener liar = new(IPAddress.Loopback, 0);
        liar.Start();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task serving = Task.Run(() => LieAsync(liar, stop.Token), Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await OpenAsync(
            $"dqlite+plain://127.0.0.1:{((IPEndPoint)liar.LocalEndpoint).Port}", new StoreOptions { Patience = TimeSpan.FromSeconds(1) }));
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Contains("knows of 192.0.2.1:9", error.Message, StringComparison.Ordinal);
        await stop.CancelAsync();
        await serving;
    }

    private static async Task LieAsync(TcpListener listener, CancellationToken stop)
    {
        byte[] address = new byte[16];
        "192.0.2.1:9"u8.CopyTo(address);
        byte[] answer = WireStream.Frame(1, [.. WireStream.Words(7), .. address]);
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop);
                await AnswerAsync(client.GetStream(), answer, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private static async Task AnswerAsync(NetworkStream stream, byte[] answer, CancellationToken stop)
    {
        byte[] question = new byte[256];
        try
        {
            while (await stream.ReadAsync(question, stop) > 0)
                await stream.WriteAsync(answer, stop);
        }
        catch (IOException)
        {
            // Whoever asked has gone.
        }
    }

    private static async Task OpenAsync(string url, StoreOptions options) => await (await StoreConnection.OpenAsync(StoreUrl.Parse(url), options, Cancel)).DisposeAsync();
}
