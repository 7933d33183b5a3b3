using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>A ship's log in a database of its own, keys, and folders for targets.</summary>
internal sealed class HarborFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("harbor");
    private readonly List<IAsyncDisposable> _open = [];
    private WriterLease? _lease;

    private HarborFixture(int seed)
    {
        Random = new Random(seed);
        HarborKeys.Create(KeyName, []);
        Host = HostKey.Read(HarborKeys.HostFile(KeyName));
        Owner = OwnerKey.Read(HarborKeys.OwnerFile(KeyName));
    }

    public static Ship Ship { get; } = Ship.Parse("~sampel-palnet");

    public Random Random { get; }

    public string KeyName => _folder["zod"];

    public string this[string name] => _folder[name];

    public string StoreUrlText => $"sqlite:{_folder["log.db"]}";

    public HostKey Host { get; }

    public OwnerKey Owner { get; }

    public IStore Store { get; private set; } = null!;

    public EventLog Log { get; private set; } = null!;

    /// <summary>The folder of the ship within a target.</summary>
    public string Id => ObjectName.Folder(Owner.Signer, Ship);

    public List<string> Told { get; } = [];

    public static async Task<HarborFixture> CreateAsync(int seed = 4711, Position? start = null)
    {
        HarborFixture fixture = new(seed);
        fixture.Store = await StoreConnection.OpenAsync(StoreUrl.Parse(fixture.StoreUrlText), new StoreOptions { Create = true }, Cancel);
        fixture.Log = new EventLog(await fixture.Store.CreateLogAsync(Ship, start ?? Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), fixture.Store.Capabilities);
        return fixture;
    }

    /// <summary>Appends events of random bytes, of up to so many bytes each.</summary>
    public async Task AppendAsync(int events, int most = 2000)
    {
        _lease ??= await WriterLease.AcquireAsync(Log, "test", TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        ReadOnlyMemory<byte>[] payloads = new ReadOnlyMemory<byte>[events];
        for (int i = 0; i < events; i++)
        {
            byte[] payload = new byte[Random.Next(most + 1)];
            Random.NextBytes(payload);
            payloads[i] = payload;
        }
        AppendResult result = await Log.AppendAsync(_lease.Term, (await Log.ReadStateAsync(Cancel)).Head.Position, payloads, Cancel);
        Assert.True(result.IsCommitted);
    }

    /// <summary>Becomes the writer anew, for whoever writes by hand.</summary>
    public async Task<WriterLease> ReleaseLeaseAsync()
    {
        if (_lease is not null)
            await _lease.DisposeAsync();
        _lease = null;
        return await WriterLease.AcquireAsync(Log, "test", TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
    }

    /// <summary>A target that is a folder; its path is <c>this[name]</c>.</summary>
    public IHarborTarget Folder(string name)
    {
        Directory.CreateDirectory(_folder[name]);
        return Keep(HarborTarget.Open($"file:{_folder[name]}"));
    }

    public T Keep<T>(T opened)
        where T : IAsyncDisposable
    {
        _open.Add(opened);
        return opened;
    }

    /// <summary>Brings targets up to the log.</summary>
    public async Task BackUpAsync(params IHarborTarget[] targets)
    {
        foreach (IHarborTarget target in targets)
        {
            using HarborBackup backup = new(Log, target, Host, Options());
            await backup.CatchUpAsync(Cancel);
        }
    }

    public BackupOptions Options(int segmentBytes = 16 << 20) => new() { SegmentBytes = segmentBytes, Tell = (_, text) => { lock (Told) Told.Add(text); } };

    public Task<HarborReader> OpenAsync(params IHarborTarget[] targets) => HarborReader.OpenAsync(targets, Owner, Ship, static _ => { }, TimeProvider.System, Cancel);

    /// <summary>All that the harbors have is all that the log has, byte for byte.</summary>
    public async Task AssertSameAsync(HarborReader reader)
    {
        EventLog restored = HarborLog.Open(reader);
        LogState state = await Log.ReadStateAsync(Cancel);
        LogState theirs = await restored.ReadStateAsync(Cancel);
        Assert.Equal(state.Head.Position, theirs.Head.Position);
        await using IAsyncEnumerator<Event> expected = Log.ReadAsync(state, state.First, state.Head.Number, Cancel).GetAsyncEnumerator(Cancel);
        await foreach (Event read in restored.ReadAsync(theirs, theirs.First, theirs.Head.Number, Cancel))
        {
            Assert.True(await expected.MoveNextAsync());
            Assert.Equal((expected.Current.Number, expected.Current.Chain), (read.Number, read.Chain));
            Assert.True(read.Payload.Span.SequenceEqual(expected.Current.Payload.Span), $"event {read.Number} differs");
        }
        Assert.False(await expected.MoveNextAsync());
    }

    /// <summary>The segments' files at a target that is a folder, in order.</summary>
    public string[] Segments(string name) => [.. Directory.EnumerateFiles(Path.Combine(_folder[name], Id, "e")).Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        if (_lease is not null)
            await _lease.DisposeAsync();
        foreach (IAsyncDisposable one in _open)
            await one.DisposeAsync();
        await Log.DisposeAsync();
        await Store.DisposeAsync();
        Host.Dispose();
        Owner.Dispose();
        _folder.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
