using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Piers.LocalLogs;

namespace Seguro.SystemTests;

/// <summary>A recovery that ends in the middle: what it left is nobody's to go on with, and a repeat ends it.</summary>
public sealed class HalfRecoveredTests
{
    private const int Events = 60;
    private const int EventSize = 1 << 20; // within the quarter of the window that a recovery fills
    private const long Begun = 24L << 20; // far more than an empty node's files, and far less than all of it

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_recovery_that_was_killed_is_waited_for_and_done_again()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(1, "--kind", "opaque");
        cluster.StartAll();
        await cluster.UntilMasterAsync(replicas: 0);
        await EndAsync(cluster);
        ulong head = await LengthenAsync(cluster.Data("m1"));
        await using (SeguroProcess killed = SeguroProcess.Start("cluster", "recover", "--yes", "-c", cluster.Configuration("m1")))
        {
            await UntilBegunAsync(cluster.Data("m1"), killed);
            killed.Kill();
        }

        cluster.Start("m1");
        await cluster.UntilAsync("it waits for the rest", static status => status.Role == "starting" && status.Warnings.Any(static warning => warning.Contains("the log of ~zod, all of it", StringComparison.Ordinal)));
        await EndAsync(cluster);

        Assert.Equal(head, (await SeguroProcess.RunAsync("cluster", "recover", "--yes", "--json", "-c", cluster.Configuration("m1"))).Ok().Json.GetProperty("head").GetUInt64());
        cluster.Start("m1");
        Assert.Equal(head, (await cluster.UntilMasterAsync(replicas: 0)).Committed.Event);
    }

    private static async Task EndAsync(ClusterOnLoopback cluster)
    {
        await using SeguroProcess member = cluster.Take("m1");
        member.Terminate();
        (await member.EndAsync()).Ok();
    }

    private static async Task<ulong> LengthenAsync(string folder)
    {
        await using LocalLog log = await LocalLog.OpenAsync(
            Path.Combine(folder, "pier"), Ship.Parse("~zod"), static _ => throw new InvalidOperationException("There is a pier."), "test", TimeProvider.System, Cancel);
        for (int i = 0; i < Events; i++)
        {
            byte[] payload = RandomNumberGenerator.GetBytes(EventSize);
            await log.AppendAsync([new Event(log.Head.Number.Next, payload, ChainHasher.Of(log.Head.Chain, log.Head.Number.Next, payload))], Cancel);
        }
        return log.Head.Number.Value;
    }

    private static async Task UntilBegunAsync(string folder, SeguroProcess process)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(5));
        while (!Directory.Exists(Path.Combine(folder, "dqlite.lost-1")) || SizeOf(Path.Combine(folder, "dqlite")) < Begun)
        {
            if (process.HasExited)
                Assert.Fail($"It ended: {(await process.EndAsync()).Errors}");
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    // What a node writes comes and goes under other names; both questions are answered by one look.
    private static long SizeOf(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles().Sum(static file => file.Exists ? file.Length : 0) : 0;
}
