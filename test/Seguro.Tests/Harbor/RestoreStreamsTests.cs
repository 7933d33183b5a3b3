using Seguro.Harbor.Targets;

namespace Seguro.Tests.Harbor;

/// <summary>A restore gets several segments at once, from a target whose answers take their time, and holds no more of them than it has room for.</summary>
public sealed class RestoreStreamsTests
{
    private const int AtOnce = 3;

    [Fact]
    public async Task Three_streams_at_once_and_never_more()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < 3 * AtOnce; i++)
        {
            await fixture.AppendAsync(5);
            await fixture.BackUpAsync(target);
        }
        Counted counted = new(target);
        await fixture.AssertSameAsync(await fixture.OpenAsync(counted));
        Assert.Equal(AtOnce, counted.Most);
    }

    /// <summary>Answers no question for a segment until three were asked at once; counts how many are being read.</summary>
    private sealed class Counted(IHarborTarget target) : IHarborTarget
    {
        private readonly TaskCompletionSource _isBusy = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private int _open;

        public string Name => target.Name;

        public int Most { get; private set; }

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) => target.PutAsync(name, content, cancel);

        public async Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
        {
            Stream content = await target.GetAsync(name, length, cancel);
            if (length is not null || !name.Contains("/e/", StringComparison.Ordinal))
                return content;
            lock (_lock)
            {
                Most = Math.Max(Most, ++_open);
                if (_open == AtOnce)
                    _isBusy.TrySetResult();
            }
            await _isBusy.Task.WaitAsync(cancel);
            return new ReadStream(content, content, new Closed(this));
        }

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => target.DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private sealed class Closed(Counted counted) : IDisposable
        {
            public void Dispose()
            {
                lock (counted._lock)
                    counted._open--;
            }
        }
    }
}
