using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Tests.HarborService;

namespace Seguro.Tests.Harbor;

/// <summary>A target that takes connections and answers nothing, and one whose calls never return: it is said soon, holds nobody up, and is caught up.</summary>
public sealed class SilentTargetTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_answers_nothing_is_told_holds_no_other_up_and_is_caught_up()
    {
        await using ServiceFixture service = await ServiceFixture.StartAsync();
        await using Door door = new(service.Host.Address.Port);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget good = fixture.Folder("good");
        await using IHarborTarget silent = HarborTarget.Open(service.Url(port: door.Port));
        BackupOptions options = fixture.Options() with { Within = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromMilliseconds(200), Silence = TimeSpan.FromMilliseconds(400) };
        using HarborBackup first = new(fixture.Log, good, fixture.Host, options);
        using HarborBackup second = new(fixture.Log, silent, fixture.Host, options);
        await fixture.AppendAsync(10);
        using (CancellationTokenSource early = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            Task[] running = [Task.Run(() => first.RunAsync(early.Token), Cancel), Task.Run(() => second.RunAsync(early.Token), Cancel)];
            await UntilAsync(() => first.Status.Archived.Value == 10 && second.Status is { IsDegraded: true, Warning: not null });
            lock (fixture.Told)
                Assert.Contains(fixture.Told, static text => text.Contains("nothing was put for", StringComparison.Ordinal) && text.Contains("SG1060", StringComparison.Ordinal));
            await fixture.AppendAsync(10);
            await UntilAsync(() => first.Status.Archived.Value == 20);
            await early.CancelAsync();
            await EndedAsync(Task.WhenAll(running)); // also while it is silent
        }
        Assert.True(door.Held > 0);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task again = Task.Run(() => second.RunAsync(stop.Token), Cancel);
        door.Open();
        await UntilAsync(() => second.Status is { Archived.Value: 20, Warning: null, IsDegraded: false });
        await stop.CancelAsync();
        await EndedAsync(again);
        await fixture.AssertSameAsync(await fixture.OpenAsync(silent));
    }

    [Fact]
    public async Task A_call_that_never_returns_is_left_and_nothing_more_is_asked_until_it_does()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        using Stuck stuck = new(fixture.Folder("a"));
        await using PatientTarget target = new(stuck, TimeSpan.FromMilliseconds(100));
        Assert.Equal(ErrorCode.HarborUnavailable, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/1", new MemoryStream([1]), Cancel))).Code);
        Assert.Contains("has still not answered", (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/2", new MemoryStream([2]), Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SeguroException>(() => target.DeleteAsync("a/e/2", Cancel));
        Assert.Equal(1, stuck.Asked);
        stuck.Release();
        while (true)
        {
            try
            {
                Assert.True(await target.PutAsync("a/e/3", new MemoryStream([3]), Cancel));
                break;
            }
            catch (SeguroException still) when (still.Code is ErrorCode.HarborUnavailable)
            {
                await Task.Delay(5, Cancel);
            }
        }
        Assert.Equal(["a/e/1", "a/e/3"], (await target.ListAsync("a", Cancel).ToListAsync(Cancel)).Select(static one => one.Name));
    }

    /// <summary>An SFTP server is asked for a large object piece by piece, each with its own limit; all of it may take as long as it takes.</summary>
    [Fact]
    public async Task An_object_that_comes_in_pieces_is_waited_for()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await using PatientTarget target = new(new Slow(fixture.Folder("a")), TimeSpan.FromMilliseconds(1), bringsAll: true);
        await using (Stream whole = await target.GetAsync("a/e/1", null, Cancel))
            Assert.Equal(1, whole.ReadByte());
        Assert.Equal(["a/e/1"], (await target.ListAsync("a", Cancel).ToListAsync(Cancel)).Select(static one => one.Name));
        await using PatientTarget other = new(new Slow(fixture.Folder("a")), TimeSpan.FromMilliseconds(1));
        Assert.Equal(ErrorCode.HarborUnavailable, (await Assert.ThrowsAsync<SeguroException>(() => other.GetAsync("a/e/1", null, Cancel))).Code);
    }

    [Fact]
    public async Task What_is_no_longer_wanted_ends_at_once_though_the_call_does_not()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        using Stuck stuck = new(fixture.Folder("a"));
        await using PatientTarget target = new(stuck, TimeSpan.FromHours(1));
        using CancellationTokenSource unwanted = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task<bool> put = target.PutAsync("a/e/1", new MemoryStream([1]), unwanted.Token);
        await UntilAsync(() => stuck.Asked == 1);
        await unwanted.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        stuck.Release();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(20, Cancel);
    }

    private static async Task EndedAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Takes connections and lets nothing through, until it is opened.</summary>
    private sealed class Door : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Lock _lock = new();
        private readonly List<TcpClient> _held = [];
        private readonly int _to;
        private readonly Task _serving;
        private bool _isOpen;

        public Door(int to)
        {
            _to = to;
            _listener.Start();
            _serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Held { get; private set; }

        public void Open()
        {
            lock (_lock)
            {
                _isOpen = true;
                foreach (TcpClient one in _held)
                    one.Dispose();
            }
        }

        public async ValueTask DisposeAsync()
        {
            Open();
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                TcpClient from;
                try
                {
                    from = await _listener.AcceptTcpClientAsync(Cancel);
                }
                catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
                {
                    return;
                }
                lock (_lock)
                {
                    if (_isOpen)
                    {
                        _ = ForwardAsync(from);
                    }
                    else
                    {
                        _held.Add(from);
                        Held++;
                    }
                }
            }
        }

        private async Task ForwardAsync(TcpClient from)
        {
            using (from)
            {
                using TcpClient to = new("127.0.0.1", _to);
                await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream(), Cancel), to.GetStream().CopyToAsync(from.GetStream(), Cancel));
            }
        }
    }

    /// <summary>A folder whose file server is gone: whoever puts something holds a thread, and can't be called off.</summary>
    private sealed class Stuck(IHarborTarget target) : IHarborTarget, IDisposable
    {
        private readonly ManualResetEventSlim _released = new();
        private int _asked;

        public string Name => target.Name;

        public int Asked => Volatile.Read(ref _asked);

        public void Release() => _released.Set();

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            Interlocked.Increment(ref _asked);
            _released.Wait(CancellationToken.None);
            return target.PutAsync(name, content, CancellationToken.None);
        }

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel)
        {
            Interlocked.Increment(ref _asked);
            return target.DeleteAsync(name, cancel);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public void Dispose()
        {
            Release();
            _released.Dispose();
        }
    }

    /// <summary>Takes up to half a second for each call, and less only where it is told to end.</summary>
    private sealed class Slow(IHarborTarget target) : IHarborTarget
    {
        public string Name => target.Name;

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) => target.PutAsync(name, content, cancel);

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
        {
            cancel.WaitHandle.WaitOne(500);
            cancel.ThrowIfCancellationRequested();
            return Task.FromResult<Stream>(new MemoryStream([1]));
        }

        public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            cancel.WaitHandle.WaitOne(500);
            cancel.ThrowIfCancellationRequested();
            yield return new TargetObject("a/e/1", 1);
        }

        public Task DeleteAsync(string name, CancellationToken cancel) => target.DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => target.DisposeAsync();
    }
}
