using System.Text.Json;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>The ladder of custody with the real program: a ship that is mirrored, a cluster's by its owner's word, and back in a plain pier.</summary>
public sealed class CustodyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("custody");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_member_starts_a_mirrored_ship_by_its_owners_word_only_and_a_ship_that_was_given_back_not_at_all()
    {
        string pier = SharedData.CopyPier("zod-epochs", _folder["pier"]);
        string store = $"sqlite:{_folder["store.db"]}";
        string configuration = Path.Combine(_folder["cluster"], "m1", "seguro.json");
        (await SeguroProcess.RunAsync("mirror", pier, "--store", store, "--once")).Ok();
        (await SeguroProcess.RunAsync("cluster", "init", _folder["cluster"], "--members", "1", "--ship", "~zod", "--kind", "opaque", "--store", store)).Ok();

        await RefusedAsync(configuration, "seguro custody take");
        (await SeguroProcess.RunAsync("custody", "take", "--store", store, "--machine-off", "--disk", "read")).Ok();
        await using (SeguroProcess member = SeguroProcess.Start("run", "-c", configuration))
        {
            await UntilMasterAsync(member, configuration);
            SeguroProcess.Result alive = await SeguroProcess.RunAsync("custody", "release", "--store", store);
            Assert.Equal(3, alive.ExitCode);
            Assert.Contains("SG3002", alive.Errors, StringComparison.Ordinal);
            member.Terminate();
            (await member.EndAsync()).Ok();
        }
        (await SeguroProcess.RunAsync("custody", "release", "--store", store)).Ok();
        await RefusedAsync(configuration, "given back to a plain pier");
        (await SeguroProcess.RunAsync("pier", "restore", _folder["back"], "--store", store)).Ok();
        await RefusedAsync(configuration, _folder["back"]);
        (await SeguroProcess.RunAsync("pier", "verify", _folder["back"], "--store", store)).Ok();

        // A copy of the member's own pier in another store is no second ship.
        string second = $"sqlite:{_folder["second.db"]}";
        (await SeguroProcess.RunAsync("pier", "import", Path.Combine(_folder["cluster"], "m1", "data", "pier"), "--store", second)).Ok();
        JsonElement shown = (await SeguroProcess.RunAsync("custody", "show", "--store", second, "--json")).Ok().Json;
        Assert.Equal(("gated", false), (shown.GetProperty("custody").GetString(), shown.GetProperty("run").GetProperty("allowed").GetBoolean()));
    }

    private static async Task RefusedAsync(string configuration, string why)
    {
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("run", "-c", configuration);
        Assert.True(refused.ExitCode == 3, $"exit code {refused.ExitCode}\n{refused.Output}\n{refused.Errors}");
        Assert.Contains("SG3051", refused.Errors, StringComparison.Ordinal);
        Assert.Contains(why, string.Join(' ', refused.Errors.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static async Task UntilMasterAsync(SeguroProcess member, string configuration)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            Assert.False(member.HasExited, "the member ended");
            SeguroProcess.Result status = await SeguroProcess.RunAsync("status", "-c", configuration, "--json");
            if (status.ExitCode is 0 or 4 && status.Json.TryGetProperty("role", out JsonElement role) && role.GetString() == "master")
                return;
            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
