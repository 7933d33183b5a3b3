using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>The suite on moto's S3 server; a bucket that is not there, a server that is not.</summary>
public sealed class S3TargetTests : HarborTargetSuite, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("s3");
    private MotoServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await MotoServer.StartAsync(_folder["log"], Cancel);
        await File.WriteAllTextAsync(_folder["credentials"], "key\nsecret\n", Cancel);
        File.SetUnixFileMode(_folder["credentials"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using HttpClient client = new();
        using HttpResponseMessage made = await client.PutAsync(new Uri($"{_server.Endpoint}/bucket"), null, Cancel);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_wrong_is_named()
    {
        await using (IHarborTarget missing = HarborTarget.Open(Url("nowhere", _server.Port)))
            Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<SeguroException>(() => missing.PutAsync("a", new MemoryStream([1]), Cancel))).Code);
        await using (IHarborTarget gone = HarborTarget.Open(Url("bucket", FreePort.Next())))
            Assert.Equal(ErrorCode.HarborUnavailable, (await Assert.ThrowsAsync<SeguroException>(() => gone.PutAsync("a", new MemoryStream([1]), Cancel))).Code);
        Assert.Equal(ErrorCode.InsecureTransport, Assert.Throws<SeguroException>(() => HarborTarget.Open("s3://bucket/x?endpoint=http://192.0.2.1")).Code);
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => HarborTarget.Open("s3://bucket/x?endpiont=http://127.0.0.1")).Code);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_tried_again()
    {
        // Forwards to the server; the first connections are cut after some bytes.
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int left = 2;
        Task serving = ServeAsync();
        await using IHarborTarget target = HarborTarget.Open(Url("bucket", ((IPEndPoint)listener.LocalEndpoint).Port));
        Seguro.Harbor.Reading.HarborFolder folder = new(target, "a", TimeProvider.System);
        byte[] content = new byte[300_000];
        Random.Shared.NextBytes(content);
        Assert.True(await folder.PutAsync("e/1", new MemoryStream(content), Cancel));
        Assert.Equal(0, left);
        Assert.Equal(content, await ReadAsync(target, "a/e/1", null));
        listener.Stop();
        await serving;

        async Task ServeAsync()
        {
            while (true)
            {
                TcpClient from;
                try
                {
                    from = await listener.AcceptTcpClientAsync(Cancel);
                }
                catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
                {
                    return;
                }
                bool cuts = Interlocked.Decrement(ref left) >= 0;
                if (!cuts)
                    Interlocked.Exchange(ref left, 0);
                _ = ForwardAsync(from, cuts);
            }
        }

        async Task ForwardAsync(TcpClient from, bool cuts)
        {
            using (from)
            {
                if (cuts)
                {
                    _ = await from.GetStream().ReadAtLeastAsync(new byte[5000], 5000, throwOnEndOfStream: false, Cancel);
                    from.LingerState = new LingerOption(true, 0);
                    return;
                }
                using TcpClient to = new("127.0.0.1", _server.Port);
                await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream(), Cancel), to.GetStream().CopyToAsync(from.GetStream(), Cancel));
            }
        }
    }

    protected override IHarborTarget Open() => HarborTarget.Open(Url("bucket", _server.Port));

    private string Url(string bucket, int port) => $"s3://{bucket}/some/where?endpoint=http://127.0.0.1:{port}&credentials={_folder["credentials"]}";
}
