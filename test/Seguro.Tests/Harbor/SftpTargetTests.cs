using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>The suite on OpenSSH's SFTP; a key that is not let in, a server that is another, a disk that is full.</summary>
public sealed class SftpTargetTests : RemoteTargetSuite, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("target");
    private SftpServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await SftpServer.StartAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_wrong_is_named()
    {
        await FailsAsync(ErrorCode.AccessDenied, _server.Url(_folder.Path, key: _server.StrangerFile));
        SeguroException other = await FailsAsync(ErrorCode.AccessDenied, _server.Url(_folder.Path, fingerprint: "SHA256:AAAA"));
        Assert.Contains(_server.Fingerprint, other.Message, StringComparison.Ordinal);
        await FailsAsync(ErrorCode.NotFound, _server.Url("/nowhere/at/all"));
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => HarborTarget.Open("sftp://user:secret@127.0.0.1/x?key=k")).Code);
    }

    [Fact]
    public Task Lists_100_000_objects() => AssertListsManyAsync(_folder.Path);

    protected override int ServerPort => _server.Port;

    protected override IHarborTarget Open() => OpenAt(_server.Port);

    protected override IHarborTarget OpenAt(int port) => HarborTarget.Open(_server.Url(_folder.Path).Replace($":{_server.Port}/", $":{port}/", StringComparison.Ordinal));

    private static async Task<SeguroException> FailsAsync(ErrorCode code, string url)
    {
        await using IHarborTarget target = HarborTarget.Open(url);
        SeguroException failed = await Assert.ThrowsAsync<SeguroException>(async () =>
        {
            await foreach (TargetObject _ in target.ListAsync("a", Cancel))
                Assert.Fail("there is nothing");
        });
        Assert.Equal(code, failed.Code);
        return failed;
    }
}
