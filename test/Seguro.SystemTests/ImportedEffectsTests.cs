using System.Globalization;
using System.Net;
using System.Text.Json;
using Seguro.Cli.Demo.Probes;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A log whose datagrams were answered before it was imported: no effect of it leaves again, whoever is master, whatever the policy.</summary>
public sealed class ImportedEffectsTests : IAsyncDisposable
{
    private const int DatagramSize = 200;
    private const int Questions = 30;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    private readonly TemporaryFolder _folder = new("imported");
    private readonly IPEndPoint _public = new(IPAddress.Loopback, FreePort.Next());
    private readonly string _inside = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");

    private SeguroProcess? _balancer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Nothing_of_an_imported_log_leaves_before_the_first_datagram_and_after_a_takeover()
    {
        await using PostgresCluster postgres = await PostgresCluster.StartAsync();
        string store = await MakeLogAsync();
        foreach (string policy in (string[])["at-least-once", "at-most-once"])
        {
            string pier = _folder[policy]; // a pier may be imported once
            (await SeguroProcess.RunAsync("pier", "export", pier, "--ship", "~zod", "--store", store)).Ok();
            string url = await postgres.MakeDatabaseAsync(Cancel);
            ulong head = (await SeguroProcess.RunAsync("pier", "import", pier, "--store", url, "--json")).Ok().Json.GetProperty("head").GetUInt64();
            Assert.True(head > Questions);
            (await SeguroProcess.RunAsync("custody", "take", "--store", url, "--ship", "~zod", "--machine-off", "--disk", "read")).Ok(); // who computed it until now is gone
            await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3, "--ship", "~zod", "--import", "--store", url, "--balancer", _inside);
            StartBalancer(cluster);
            // The probe's datagrams are none of Ames', which only the demo kernel is given.
            cluster.StartAll("--set", $"effects={policy}", "--set", "ship:kernel=demo");
            StatusReport first = await cluster.UntilMasterAsync(replicas: 2);
            Assert.True(first.Released >= head);
            await using (SeguroProcess killed = cluster.Take(first.Name))
                killed.Kill();
            StatusReport second = await cluster.UntilMasterAsync(replicas: 1, above: first.Term);
            Assert.True(second.Released >= head);
            Assert.Equal(0, await ReleasedAsync());

            // And the same door lets out what is new.
            StartBalancer(cluster);
            await AskAsync();
            Assert.InRange(await ReleasedAsync(), Questions, long.MaxValue);
        }
    }

    /// <summary>The log of a ship that a cluster of one computed, and that answered.</summary>
    private async Task<string> MakeLogAsync()
    {
        string store = $"sqlite:{_folder["store.db"]}";
        await using (ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(1, "--store", store, "--balancer", _inside))
        {
            StartBalancer(cluster);
            cluster.StartAll();
            await cluster.UntilMasterAsync(replicas: 0);
            await AskAsync();
            Assert.InRange(await ReleasedAsync(), Questions, long.MaxValue);
        }
        return store;
    }

    private void StartBalancer(ClusterOnLoopback cluster) => _balancer = SeguroProcess.Start(
        "balancer", "--json", "--listen", _public.ToString(), "--inside", _inside, "--key-file", Path.Combine(cluster.Root, "balancer.keys"));

    private async Task AskAsync()
    {
        using ShipProbe probe = new(_public, DatagramSize, TimeProvider.System);
        for (int i = 0; i < Questions; i++)
            await probe.AskAsync(AskAgain, Cancel);
    }

    /// <summary>Ends a balancer, and reads how many effects left through it.</summary>
    private async Task<long> ReleasedAsync()
    {
        await using SeguroProcess balancer = _balancer!;
        _balancer = null;
        balancer.Terminate();
        string last = (await balancer.EndAsync()).Ok().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        return JsonDocument.Parse(last).RootElement.GetProperty("released").GetInt64();
    }
}
