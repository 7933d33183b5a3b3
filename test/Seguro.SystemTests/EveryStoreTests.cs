using System.Text.Json;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Real piers, by the real program, through each real database and back.</summary>
public sealed class EveryStoreTests : IAsyncLifetime
{
    private static readonly string[] Piers = ["zod", "zod-3.5", "zod-epochs"];

    private readonly TemporaryFolder _folder = new("every-store");
    private readonly List<IAsyncDisposable> _servers = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable server in _servers)
            await server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("lmdb")]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("postgresql")]
    [InlineData("dqlite")]
    [InlineData("etcd")]
    public async Task Takes_real_piers_and_gives_them_back_byte_for_byte(string engine)
    {
        foreach (string name in Piers)
        {
            string pier = Path.Combine(SharedData.Path, name);
            string[] store = await StoreAsync(engine, name);

            JsonElement imported = (await SeguroProcess.RunAsync(["pier", "import", pier, "--json", .. store])).Ok().Json;
            JsonElement again = (await SeguroProcess.RunAsync(["pier", "import", pier, "--json", .. store])).Ok().Json;
            Assert.Equal(0, again.GetProperty("imported").GetInt64());
            JsonElement verified = (await SeguroProcess.RunAsync(["log", "verify", "--ship", "~zod", "--json", .. store])).Ok().Json;
            Assert.Equal(imported.GetProperty("chain").GetString(), verified.GetProperty("chain").GetString());
            (await SeguroProcess.RunAsync(["pier", "verify", pier, .. store])).Ok();

            string exported = _folder[$"{name}-exported"];
            (await SeguroProcess.RunAsync(["pier", "export", exported, "--ship", "~zod", .. store])).Ok();
            Same(pier, exported);

            // Another ~zod's pier is not the same history.
            string other = Path.Combine(SharedData.Path, Piers[(Array.IndexOf(Piers, name) + 1) % Piers.Length]);
            SeguroProcess.Result refused = await SeguroProcess.RunAsync(["pier", "import", other, "--json", .. store]);
            Assert.Equal(3, refused.ExitCode);
            Assert.Equal("SG3004", refused.Json.GetProperty("error").GetProperty("code").GetString());
        }
    }

    private async Task<string[]> StoreAsync(string engine, string name)
    {
        switch (engine)
        {
            case "postgresql":
                PostgresCluster postgres = await PostgresCluster.StartAsync();
                _servers.Add(postgres);
                return ["--store", postgres.Url];
            case "dqlite":
                DqliteCluster dqlite = await DqliteCluster.StartAsync(3, cancel: TestContext.Current.CancellationToken);
                _servers.Add(dqlite);
                return ["--store", dqlite.Url, "--certificates", dqlite.Certificates!];
            case "etcd":
                EtcdCluster etcd = await EtcdCluster.StartAsync(cancel: TestContext.Current.CancellationToken);
                _servers.Add(etcd);
                return ["--store", etcd.Url, "--certificates", etcd.Certificates!];
            default:
                return ["--store", $"{engine}:{_folder[$"{name}-store"]}"];
        }
    }

    private static void Same(string one, string two)
    {
        using Pier source = Pier.Open(one, PierAccess.Offline);
        using Pier exported = Pier.Open(two, PierAccess.Offline);
        Assert.Equal(source.Info.Identity, exported.Info.Identity);
        Assert.Equal((source.Info.First, source.Info.Last, source.Info.Bytes), (exported.Info.First, exported.Info.Last, exported.Info.Bytes));
        using IEnumerator<PierEvent> others = exported.Read(exported.Info.First, exported.Info.Last).GetEnumerator();
        foreach (PierEvent read in source.Read(source.Info.First, source.Info.Last))
        {
            Assert.True(others.MoveNext());
            Assert.Equal(read.Number, others.Current.Number);
            Assert.True(read.Payload.Span.SequenceEqual(others.Current.Payload.Span), $"event {read.Number}");
        }
    }
}
