using System.Net.Sockets;
using System.Text;
using Seguro.Node.Startup;
using Seguro.Testing;

namespace Seguro.Tests.Node.Startup;

public sealed class ServiceNotifyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _manager.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // without a name in the file system
    public async Task Systemd_hears_that_it_is_up_how_it_stands_that_it_lives_and_that_it_ends(bool isAbstract)
    {
        string path = isAbstract ? $"@seguro-test-{Path.GetFileName(_folder.Path)}" : _folder["notify"];
        _manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + path[1..] : path));
        using ServiceNotify notify = new(path, "30000"); // microseconds
        notify.Ready();
        Assert.Equal("READY=1", await HearAsync());
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        string line = "replica,\nterm 3";
        bool isAlive = true;
        Task keeping = notify.KeepAsync(() => Volatile.Read(ref isAlive), () => Volatile.Read(ref line), end.Token);
        Assert.Equal("STATUS=replica, term 3", await HearAsync());
        Assert.Equal("WATCHDOG=1", await HearAsync());
        Assert.Equal("WATCHDOG=1", await HearAsync()); // and the same status is not said again
        Volatile.Write(ref isAlive, false);
        int number = 0;
        Volatile.Write(ref line, "hangs 0");
        while (await HearAsync() != "STATUS=hangs 0")
        {
            // what was said before
        }
        for (int i = 0; i < 3; i++)
        {
            Volatile.Write(ref line, $"hangs {++number}");
            Assert.Equal($"STATUS=hangs {number}", await HearAsync()); // a member that hangs says nothing of life
        }
        await end.CancelAsync();
        await keeping;
        notify.Stopping();
        Assert.Equal("STOPPING=1", await HearAsync());
    }

    [Fact]
    public async Task Where_systemd_did_not_ask_nothing_is_said_and_where_it_is_gone_nothing_fails()
    {
        using ServiceNotify none = new(null, "1");
        none.Ready();
        await none.KeepAsync(static () => true, static () => "", Cancel);
        using ServiceNotify gone = new(_folder["nobody"], watchdog: null);
        gone.Ready();
        gone.Stopping();
    }

    private async Task<string> HearAsync()
    {
        byte[] word = new byte[4096];
        return Encoding.UTF8.GetString(word, 0, await _manager.ReceiveAsync(word, Cancel));
    }
}
