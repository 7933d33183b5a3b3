using Seguro.Core;
using Seguro.Stores;

namespace Seguro.Testing;

/// <summary>A database of files, opened by the test's own process, on a small disk of its own where this user may mount one.</summary>
public abstract class EngineHarness : StoreHarness
{
    private const int Megabytes = 2048;

    private readonly TemporaryFolder _folder;
    private readonly TemporaryDisk? _disk;
    private readonly string _path;
    private int _others;

    /// <summary>Prepares the disk.</summary>
    /// <param name="engine">The URL's scheme.</param>
    /// <param name="name">The name of the file, or the folder.</param>
    protected EngineHarness(string engine, string name)
    {
        _folder = new TemporaryFolder(engine);
        _disk = TemporaryDisk.IsAllowed ? new TemporaryDisk(engine, Megabytes) : null;
        _path = _disk?[name] ?? _folder[name];
        Url = $"{engine}:{_path}";
    }

    /// <summary>Why faults that need root can't be made, where they can't.</summary>
    public static IReadOnlyDictionary<Faults, string> ExcusedWithoutRoot { get; } = TemporaryDisk.IsAllowed
        ? new Dictionary<Faults, string>()
        : new Dictionary<Faults, string> { [Faults.FillDisk] = "a small disk can be mounted by root only" };

    /// <inheritdoc/>
    public override string Url { get; }

    /// <inheritdoc/>
    public override Faults Supports => _disk is null ? Faults.FlipByte : Faults.FlipByte | Faults.FillDisk;

    /// <inheritdoc/>
    public override ValueTask<IStore> OpenAsync(CancellationToken cancel) => OpenAsync(Url, cancel);

    /// <inheritdoc/>
    public override Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        string url = $"{Url}-other{Interlocked.Increment(ref _others)}";
        return Task.FromResult<Func<CancellationToken, ValueTask<IStore>>>(token => OpenAsync(url, token));
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel) => Task.FromResult(_disk!.Fill());

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => FileDamage.FlipAsync(_path, stored, cancel);

    /// <summary>Opens the database of a URL.</summary>
    protected virtual ValueTask<IStore> OpenAsync(string url, CancellationToken cancel) =>
        StoreConnection.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, cancel);

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _disk?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
