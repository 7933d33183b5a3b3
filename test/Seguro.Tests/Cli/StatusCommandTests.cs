using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Ships;
using Seguro.Testing;
using Seguro.Tests.Node.Admin;

namespace Seguro.Tests.Cli;

public sealed class StatusCommandTests
{
    [Fact]
    public async Task Watching_begins_before_the_member_is_up_and_ends_well_by_an_interruption()
    {
        using TemporaryFolder folder = new();
        (await CommandRun.OfAsync("cluster", "init", folder["c"], "--ship", "~zod", "--kernel", "demo", "--members", "1")).Ok();
        string configuration = Path.Combine(folder["c"], "m1", "seguro.json");
        (await CommandRun.OfAsync("status", "-c", configuration)).Fails("SG1001", 1);
        using CancellationTokenSource interrupted = new();
        await interrupted.CancelAsync(); // before the first answer
        Assert.Equal(0, (await CommandRun.OfAsync([], ["status", "--watch", "-c", configuration], interrupted.Token)).ExitCode);
        using CancellationTokenSource later = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<CommandRun> watching = CommandRun.OfAsync([], ["status", "--watch", "-c", configuration], later.Token);
        Assert.NotSame(watching, await Task.WhenAny(watching, Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken)));
        await later.CancelAsync();
        CommandRun watched = await watching;
        Assert.Equal(0, watched.ExitCode);
        Assert.Contains("warning", watched.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("starting", false)]
    [InlineData("rejoining", true)]
    public async Task Says_nothing_of_a_log_that_was_not_looked_at_yet(string role, bool isThere)
    {
        using TemporaryFolder folder = new();
        (await CommandRun.OfAsync("cluster", "init", folder["c"], "--ship", "~zod", "--kernel", "demo", "--members", "1")).Ok();
        string configuration = Path.Combine(folder["c"], "m1", "seguro.json");
        StatusReport report = StatusReport.Of(ShipMember.StatusBefore(ConfigurationReader.Read(configuration, [])), "~zod", "dqlite", "", [], []) with { Role = role, Replaying = 925 };
        Directory.CreateDirectory(Path.Combine(folder["c"], "m1", "data"));
        AdminOptions options = new()
        {
            Socket = Path.Combine(folder["c"], "m1", "data", "admin.sock"),
            Ship = new AdminShip(() => report, static () => [], new Desk(Role.Rejoining).Actions),
        };
        await using AdminServer server = await AdminServer.StartAsync(options, TestContext.Current.CancellationToken);
        CommandRun shown = await CommandRun.OfAsync("status", "-c", configuration);
        Assert.Equal(isThere, shown.Output.Contains("local log", StringComparison.Ordinal));
        Assert.Equal(isThere, shown.Output.Contains("event 0 of 925 that it replays", StringComparison.Ordinal));
    }
}
