using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>The nemesis for real processes, as <c>./seguro nemesis</c> runs it, for a minute; the figures of longer runs are in docs/reliability.md.</summary>
public sealed class NemesisTests : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        if (await NetworkNamespace.WhyNotAsync() is not { } why)
            return;
        // Where the tests decide about a submission, a machine that can't do it is a failure.
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(why);
        Assert.Skip(why);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("dqlite", 1)]
    [InlineData("postgres", 2)]
    public async Task Members_that_are_killed_stopped_and_parted_lose_nothing_that_was_answered(string store, ulong seed)
    {
        string folder = Directory.CreateTempSubdirectory("seguro-nemesis-").FullName;
        NemesisOptions options = new() { Seed = seed, Duration = TimeSpan.FromMinutes(1), Folder = folder, Store = store };
        NemesisResult result = await NemesisRun.RunAsync(options, TestContext.Current.SendDiagnosticMessage, TestContext.Current.CancellationToken);
        Assert.True(result.Holds, result.ToString());
        Assert.NotEqual(0, result.Check!.Acknowledged);
        Directory.Delete(folder, recursive: true);
    }
}
