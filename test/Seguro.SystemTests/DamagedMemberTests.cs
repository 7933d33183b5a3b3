using Seguro.Node.Admin;

namespace Seguro.SystemTests;

/// <summary>A real member whose own log was damaged while it was down: it rebuilds itself beside two good copies, and nobody does anything.</summary>
public sealed class DamagedMemberTests
{
    [Fact]
    public async Task It_puts_a_log_that_was_cut_off_aside_and_is_rebuilt()
    {
        await using ClusterOnLoopback cluster = await ClusterOnLoopback.MakeAsync(3);
        cluster.StartAll();
        StatusReport master = await cluster.UntilMasterAsync(replicas: 2);
        string name = cluster.Names.First(name => name != master.Name);
        await cluster.UntilAsync("the whole log in a replica", status => status.Durable.Event >= master.Durable.Event, name);
        await using (SeguroProcess killed = cluster.Take(name))
        {
            killed.Kill();
            await killed.EndAsync();
        }
        await using (FileStream cut = new(Path.Combine(cluster.Data(name), "pier", ".urb", "log", "0i0", "data.mdb"), FileMode.Open))
            cut.SetLength(cut.Length / 2);

        cluster.Start(name);
        StatusReport back = await cluster.UntilAsync(
            "the member with the whole log again", status => status.Role == "replica" && status.Processed.Event >= master.Durable.Event, name);
        Assert.DoesNotContain(back.Warnings, static warning => warning.Contains("damaged", StringComparison.Ordinal));
        await cluster.UntilMasterAsync(replicas: 2);
        string aside = Assert.Single(Directory.EnumerateDirectories(Path.Combine(cluster.Data(name), "quarantine")));
        Assert.True(File.Exists(Path.Combine(aside, "pier", ".urb", "log", "0i0", "data.mdb")));
        Assert.Contains($"member {name}", await File.ReadAllTextAsync(Path.Combine(aside, "report.txt"), Cancel), StringComparison.Ordinal);

        await using SeguroProcess process = cluster.Take(name);
        process.Terminate();
        SeguroProcess.Result ended = await process.EndAsync();
        Assert.Equal(0, ended.ExitCode);
        Assert.Contains("own log is damaged", ended.Output, StringComparison.Ordinal);
        Assert.Contains(aside, ended.Output, StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
