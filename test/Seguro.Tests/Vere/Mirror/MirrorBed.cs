using System.Collections.Concurrent;
using System.Globalization;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Piers;
using Seguro.Vere.Mirror;

namespace Seguro.Tests.Vere.Mirror;

/// <summary>A pier that is written, rolled, chopped and moved as vere and its owner do it, a store, and mirrors between the two.</summary>
sealed class MirrorBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("mirror");
    private readonly ConcurrentQueue<MirrorNotice> _notices = new();
    private readonly List<FollowingMirror> _following = [];

    public MirrorBed()
    {
        Pier = _folder["pier"];
        Url = $"sqlite:{_folder["store.db"]}";
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Ship Zod => Ship.Parse("~zod");

    /// <summary>Where the pier is.</summary>
    public string Pier { get; }

    /// <summary>The store, where it is one on disk.</summary>
    public string Url { get; init; }

    /// <summary>A store in memory instead.</summary>
    public ModelDatabase? Model { get; init; }

    public string this[string name] => _folder[name];

    /// <summary>What the mirrors told.</summary>
    public IReadOnlyCollection<MirrorNotice> Notices => _notices;

    /// <summary>Quick, so that tests are.</summary>
    public MirrorOptions Options => new()
    {
        Pier = Pier,
        Lease = TimeSpan.FromSeconds(5),
        LookEvery = TimeSpan.FromMilliseconds(100),
        MarkEvery = TimeSpan.FromMilliseconds(200),
        LongestPause = TimeSpan.FromMilliseconds(200),
        Tell = _notices.Enqueue,
    };

    /// <summary>The events that a seed stands for, so that a pier, a copy and a log can be compared.</summary>
    public static byte[] Event(ulong number, ulong seed = 1) => WriterPayload.Of(seed, number, 0);

    /// <summary>The chain over events from 1 on (or from a base), computed without any of the code under test.</summary>
    public static Position ChainOf(ulong last, ulong seed = 1, ulong after = 0)
    {
        using ChainHasher hasher = new();
        Position position = new(new EventNumber(after), Chain.Zero);
        while (position.Number.Value < last)
            position = new Position(position.Number.Next, hasher.Next(position.Chain, position.Number.Next, Event(position.Number.Value + 1, seed)));
        return position;
    }

    /// <summary>A pier of vere 4 whose epoch begins after an event.</summary>
    public void MakePier(ulong last, ulong after = 0, ulong seed = 1, string? at = null)
    {
        string log = Directory.CreateDirectory(PierFiles.LogOf(at ?? Pier)).FullName;
        PierBuilder.WriteEnvironment(log, 1, 0, [3], PierBuilder.Zod);
        AddEpoch(at ?? Pier, after);
        Write(last, seed, at);
    }

    /// <summary>Appends up to an event, a commit each for the first and all others together.</summary>
    public void Write(ulong last, ulong seed = 1, string? at = null)
    {
        (ulong start, string folder) = EpochFormat.FindEpochs(PierFiles.LogOf(at ?? Pier))[^1];
        ulong number = start;
        using (PierEpoch epoch = PierEpoch.OpenFlat(folder))
            number = epoch.NewReader().FindEnds()?.Last ?? start;
        using LmdbEnvironment environment = LmdbEnvironment.Open(folder, isAside: false);
        for (int size = 1; number < last; size = 200)
        {
            using LmdbTransaction transaction = environment.Begin();
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            for (int left = size; left > 0 && number < last; left--)
                transaction.Append(events, ++number, Event(number, seed));
            transaction.Commit();
        }
    }

    /// <summary>As vere does it: the folder, <c>epoc.txt</c> and <c>vere.txt</c>, then the environment; events come later.</summary>
    public void Roll(string vere = "4.6") => AddEpoch(Pier, Last(), vere);

    /// <summary>Removes all epochs but the newest two, as <c>urbit chop</c> does.</summary>
    public void Chop()
    {
        List<(ulong Start, string Folder)> epochs = EpochFormat.FindEpochs(PierFiles.LogOf(Pier));
        foreach ((_, string folder) in epochs.SkipLast(2))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Copies the pier's files as they lie there.</summary>
    public void CopyPier(string target)
    {
        foreach (string file in Directory.EnumerateFiles(Pier, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(Pier, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Every file of the pier with its bytes, to see that nothing is written.</summary>
    public IReadOnlyDictionary<string, string> Fingerprint(string? at = null) => Directory.EnumerateFiles(at ?? Pier, "*", SearchOption.AllDirectories)
        .ToDictionary(static file => file, static file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));

    public async ValueTask<IStore> OpenStoreAsync(CancellationToken cancel) =>
        Model is { } model ? model.Open() : await StoreConnection.OpenAsync(StoreUrl.Parse(Url), new StoreOptions { Create = true }, cancel);

    public Task<PierMirror> StartAsync(MirrorOptions? options = null) => PierMirror.StartAsync(options ?? Options, OpenStoreAsync, progress: null, Cancel);

    /// <summary>Starts a mirror and lets it follow, until it ends by itself or the test does.</summary>
    public async Task<FollowingMirror> FollowAsync(MirrorOptions? options = null)
    {
        FollowingMirror mirror = new(await StartAsync(options));
        _following.Add(mirror);
        return mirror;
    }

    /// <summary>Mirrors once.</summary>
    public async Task OnceAsync(MirrorOptions? options = null)
    {
        await using PierMirror mirror = await StartAsync(options);
        await mirror.CatchUpAsync(Cancel);
    }

    /// <summary>The log as it is in the store, every byte checked against its chain.</summary>
    public async Task<(LogState State, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Metadata)> ReadAsync()
    {
        await using IStore store = await OpenStoreAsync(Cancel);
        await using EventLog log = new((await store.OpenLogAsync(Zod, Cancel))!, store.Capabilities);
        LogState state = await log.ReadStateAsync(Cancel);
        ulong read = 0;
        await foreach (Event one in log.ReadAsync(state, state.First, state.Head.Number, Cancel))
            read += one.Number.Value > 0 ? 1UL : 0;
        Assert.Equal(state.Count, read);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = [];
        foreach ((string key, ReadOnlyMemory<byte> value) in await log.Stored.ReadMetadataAsync(Cancel))
            metadata[key] = value.ToArray();
        return (state, metadata);
    }

    /// <summary>Waits for something, for at most half a minute.</summary>
    public static async Task UntilAsync(Func<bool> isSo, string what)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (!isSo())
        {
            try
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                Assert.Fail($"after 30 s still not: {what}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FollowingMirror mirror in _following)
            await mirror.DisposeAsync();
        _folder.Dispose();
    }

    private static void AddEpoch(string pier, ulong after, string vere = "4.6")
    {
        string epoch = Directory.CreateDirectory(Path.Combine(PierFiles.LogOf(pier), "0i" + after.ToString(CultureInfo.InvariantCulture))).FullName;
        File.WriteAllText(Path.Combine(epoch, "epoc.txt"), "2");
        File.WriteAllText(Path.Combine(epoch, "vere.txt"), vere);
        PierBuilder.WriteEnvironment(epoch, 1, 0, [3], PierBuilder.Zod);
    }

    private ulong Last()
    {
        using Pier pier = Seguro.Piers.Pier.Open(Pier, PierAccess.Live);
        return pier.Info.Last.Value;
    }
}
