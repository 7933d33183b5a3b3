using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Postgres;
using Xunit;

namespace Seguro.Testing;

/// <summary>A PostgreSQL server behind PgBouncer, whose few sessions go from transaction to transaction to whoever needs one.</summary>
public sealed class PooledPostgresHarness : StoreHarness
{
    private const int Sessions = 4;
    private const string User = "pooled";
    private const string Password = "pooled-password";

    private PostgresCluster? _cluster;
    private PgBouncer? _bouncer;
    private string _url = "";

    /// <inheritdoc/>
    public override string Url => _url;

    /// <inheritdoc/>
    public override Faults Supports => Faults.FlipByte | (PostgresCluster.CanFillDisks ? Faults.FillDisk : Faults.None);

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        _cluster = await PostgresCluster.StartAsync(standbys: 0, ownDisk: PostgresCluster.CanFillDisks);
        await _cluster.Primary.AskAsync($"CREATE ROLE {User} LOGIN PASSWORD '{Password}'; GRANT pg_monitor TO {User}; ALTER ROLE {User} SET synchronous_commit = off", cancel);
        _bouncer = await PgBouncer.StartAsync(_cluster.Primary, "transaction", Sessions, new Dictionary<string, string> { [User] = Password }, cancel);
        _url = await MakeDatabaseAsync(cancel);
    }

    /// <inheritdoc/>
    public override ValueTask<IStore> OpenAsync(CancellationToken cancel) => OpenAsync(_url, cancel);

    /// <inheritdoc/>
    public override async Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        string url = await MakeDatabaseAsync(cancel);
        return token => OpenAsync(url, token);
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel) => _cluster!.FillDiskAsync();

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => _cluster!.DamageAsync(stored, cancel);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_bouncer is not null)
            await _bouncer.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    private static async ValueTask<IStore> OpenAsync(string url, CancellationToken cancel) =>
        await PostgresStore.OpenAsync(StoreUrl.Parse(url), new StoreOptions { Create = true }, cancel);

    private async Task<string> MakeDatabaseAsync(CancellationToken cancel)
    {
        string url = await _cluster!.MakeDatabaseAsync(cancel);
        string database = url[(url.LastIndexOf('/') + 1)..];
        await _cluster.Primary.AskAsync($"ALTER DATABASE {database} OWNER TO {User}", cancel);
        return _bouncer!.UrlOf(User, Password, database);
    }
}
