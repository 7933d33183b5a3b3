using System.Net;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>The suite on moto's S3 server; a bucket that is not there, a server that is not.</summary>
public sealed class S3TargetTests : RemoteTargetSuite, IAsyncLifetime
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

    protected override int ServerPort => _server.Port;

    protected override IHarborTarget Open() => OpenAt(_server.Port);

    protected override IHarborTarget OpenAt(int port) => HarborTarget.Open(Url("bucket", port));

    private string Url(string bucket, int port) => $"s3://{bucket}/some/where?endpoint=http://127.0.0.1:{port}&credentials={_folder["credentials"]}";
}
