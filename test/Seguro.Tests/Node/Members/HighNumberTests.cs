using System.Text;
using System.Text.Json;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Admin;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Members;

/// <summary>A member of a ship whose events are above 2^32: its local log, its snapshots, status and metrics.</summary>
public sealed class HighNumberTests : IDisposable
{
    private const ulong Base = 4_311_199_132;
    private readonly TemporaryFolder _folder = new("high-member");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // no cluster has had the log before: there is nothing to repeat, and no event before its first to go back to
    public async Task Becomes_master_and_says_so_in_status_metrics_and_snapshots(bool hasHistory)
    {
        Ship ship = Ship.Parse("~zod");
        Position origin = new(new EventNumber(Base), Chain.Zero);
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        Dictionary<string, ReadOnlyMemory<byte>> metadata = [];
        if (hasHistory)
            metadata[MetadataKey.History] = Encoding.ASCII.GetBytes(origin.Number.ToString());
        await using EventLog log = new(await store.CreateLogAsync(ship, origin, metadata, Cancel), store.Capabilities);
        await using (WriterLease lease = await WriterLease.AcquireAsync(log, "import", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel))
            Assert.True((await log.AppendAsync(lease.Term, origin, [new byte[] { 1 }, new byte[] { 2 }, new byte[] { 3 }], Cancel)).IsCommitted);
        string snapshots = _folder["ship"];
        Directory.CreateDirectory(snapshots);
        await File.WriteAllTextAsync(Path.Combine(snapshots, $"{Base}.position"), $"{Base} {Chain.Zero}\n", Cancel);
        // As `seguro pier export` makes it: a member begins its own log at event 1, unless a pier is there.
        using (PierWriter pier = PierWriter.Create(_folder["pier"], new PierIdentity(0, IsFake: true, Life: 1), origin.Number, "4.6"))
            pier.Complete();
        await using OpaqueShip opaque = new(snapshots);
        using PrometheusText metrics = new(MemberMetrics.MeterName);
        await using MemberHost host = await MemberHost.StartAsync(
            new MemberHostOptions
            {
                Cluster = "high",
                Member = new MemberOptions { Name = "a", Candidate = "a@1", Members = ["a"], InitialOptimism = new Optimism(0, ReplicaLossPolicy.Wait) },
                Store = log,
                Pier = _folder["pier"],
                Ship = opaque,
                Send = static (_, _) => { },
                Release = static (_, _, _, _) => ValueTask.CompletedTask,
            },
            Cancel);
        await Until.TrueAsync(() => host.Status is { Stopped: not null } or { Role: Role.Master, Committed.Number.Value: Base + 3 }, "it did not become master");
        Assert.Null(host.Status.Stopped);
        StatusReport report = StatusReport.Of(host.Status, ship.Name, "sqlite", "", [], []);
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(report, AdminJson.Default.StatusReport));
        foreach (string place in (string[])["durable", "processed", "committed"])
            Assert.Equal(Base + 3, json.RootElement.GetProperty(place).GetProperty("event").GetUInt64());
        Assert.InRange(json.RootElement.GetProperty("released").GetUInt64(), Base, Base + 3);
        Assert.Contains($"seguro_head{{member=\"a\",ship=\"~zod\",cluster=\"high\",node=\"a\"}} {Base + 3}\n", metrics.Write(), StringComparison.Ordinal);
        await host.EndAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        Assert.True(File.Exists(Path.Combine(snapshots, $"{Base + 3}.position")), string.Join(' ', Directory.GetFiles(snapshots)));
    }
}
