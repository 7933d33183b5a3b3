using System.Text.Json;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Seguro.Tests.Cli;

namespace Seguro.Tests.Harbor;

/// <summary><c>seguro harbor</c> on a real ship's pier.</summary>
public sealed class HarborCommandTests : IDisposable
{
    private static readonly string Zod = Path.Combine(SharedData.Path, "zod");
    private readonly TemporaryFolder _folder = new("harbor");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task From_keys_to_a_pier_that_is_the_ships_own()
    {
        string[] targets = await BackUpAsync("one", "two");
        JsonElement list = (await RunAsync("list", targets, "--json")).Ok().Json;
        Assert.Equal(925, list.GetProperty("head").GetInt32());
        Assert.All(list.GetProperty("targets").EnumerateArray(),
            static copy => Assert.Equal((1, 925, 599), (copy.GetProperty("first").GetInt32(), copy.GetProperty("last").GetInt32(), copy.GetProperty("snapshots")[0].GetInt32())));
        JsonElement plan = (await RunAsync("restore", targets, "--dry-run", "--json")).Ok().Json;
        Assert.Equal((925, 599), (plan.GetProperty("last").GetInt32(), plan.GetProperty("snapshot").GetInt32()));
        Assert.Contains("events", (await RunAsync("restore", targets, "--dry-run")).Ok().Output, StringComparison.Ordinal);

        (await RunAsync("restore", targets, "--pier", _folder["back"])).Ok();
        (await CommandRun.OfAsync("pier", "verify", _folder["back"], "--store", $"lmdb:{Zod}")).Ok();
        Assert.True(File.Exists(Path.Combine(_folder["back"], ".urb", "roc", "599.jam")));
        (await RunAsync("restore", targets, "--store", $"lmdb:{_folder["stored"]}")).Ok();
        (await CommandRun.OfAsync("pier", "verify", _folder["stored"], "--store", $"lmdb:{Zod}")).Ok();
        Assert.Contains("all is as it was written", (await RunAsync("verify", targets)).Ok().Output, StringComparison.Ordinal);
        (await RunAsync("verify", targets, "--at-least", "926")).Fails("SG3060", 3, "926");

        Directory.CreateDirectory(_folder["room"]);
        (await RunAsync("drill", targets, "--in", _folder["room"], "--report", _folder["report"], "--textfile", _folder["metrics"])).Ok();
        Assert.Contains("every byte", await File.ReadAllTextAsync(_folder["report"], Cancel), StringComparison.Ordinal);
        Assert.Contains("seguro_harbor_last_proven{ship=\"~zod\"} 1", await File.ReadAllTextAsync(_folder["metrics"], Cancel), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["room"]));
    }

    [Fact]
    public async Task To_an_event_and_to_a_time()
    {
        string[] targets = await BackUpAsync("one");
        (await RunAsync("restore", targets, "--pier", _folder["cut"], "--to", "700")).Ok();
        Assert.True(File.Exists(Path.Combine(_folder["cut"], ForensicMark.File)));
        using Pier zod = Pier.Open(Zod, PierAccess.Offline);
        foreach (ulong number in new ulong[] { 20, 599, 800 })
        {
            DateTimeOffset time = TimeOf(zod, number);
            Assert.True(TimeOf(zod, number + 1) > time);
            JsonElement plan = (await RunAsync("restore", targets, "--dry-run", "--json", "--to", time.ToString("o"))).Ok().Json;
            Assert.Equal(number, plan.GetProperty("last").GetUInt64());
        }
        (await RunAsync("restore", targets, "--dry-run", "--to", "1999-01-01")).Fails("SG1007", 1, "1999");
        (await RunAsync("restore", targets, "--dry-run", "--to", "yesterday")).Fails("SG2003", 2);
        (await RunAsync("restore", targets, "--to", "926", "--pier", _folder["x"])).Fails("SG1007", 1, "926");
        (await RunAsync("restore", targets)).Fails("SG2000", 2, "--pier");
    }

    [Fact]
    public async Task Damage_is_named_and_repaired_by_the_command()
    {
        string[] targets = await BackUpAsync("one", "two");
        string file = Directory.EnumerateFiles(_folder["one"], "0*1", SearchOption.AllDirectories).First();
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[^99] ^= 4;
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        (await RunAsync("verify", targets[..1])).Fails("SG1062", 1, "e/00000000000000000001");
        CommandRun degraded = await RunAsync("verify", targets);
        Assert.Equal(4, degraded.ExitCode);
        Assert.Contains("e/00000000000000000001", degraded.Errors, StringComparison.Ordinal);
        Assert.Equal(4, (await RunAsync("restore", targets, "--pier", _folder["back"])).ExitCode);
        (await CommandRun.OfAsync("pier", "verify", _folder["back"], "--store", $"lmdb:{Zod}")).Ok();
        (await RunAsync("verify", targets, "--repair", _folder["zod.harbor"])).Ok();
        (await RunAsync("verify", targets[..1])).Ok();
    }

    [Fact]
    public async Task Prune_keeps_what_a_restore_needs()
    {
        string[] targets = await BackUpAsync("one");
        Assert.Empty((await RunAsync("prune", targets, "--days", "30", "--yes", "--json")).Ok().Json.GetProperty("objects").EnumerateArray());
        JsonElement plan = (await RunAsync("prune", targets, "--days", "0", "--json")).Ok().Json;
        Assert.Equal(599, plan.GetProperty("floor").GetInt32());
        (await RunAsync("restore", targets, "--pier", _folder["back"])).Ok();
    }

    [Fact]
    public async Task Who_is_added_to_the_hosts_key_opens_what_was_written_before()
    {
        string[] targets = await BackUpAsync("one", "two");
        await Tool.RunAsync(["age-keygen", "-o", _folder["second"]]);
        string segment = Directory.EnumerateFiles(_folder["two"], "0*1", SearchOption.AllDirectories).First();
        await File.AppendAllTextAsync(_folder["zod.harbor"], await Tool.RunAsync(["age-keygen", "-y", _folder["second"]]), Cancel);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Tool.RunAsync(["age", "-d", "-i", _folder["second"], "-o", "/dev/null", segment]));
        JsonElement told = (await RunAsync("rewrap", targets, "--key", _folder["zod.harbor"], "--json")).Ok().Json;
        Assert.Equal(2, told.GetProperty("recipients").GetArrayLength());
        Assert.All(told.GetProperty("targets").EnumerateArray(), static one => Assert.InRange(one.GetProperty("objects").GetInt32(), 3, 100));
        await Tool.RunAsync(["age", "-d", "-i", _folder["second"], "-o", "/dev/null", segment]);
        (await RunAsync("verify", targets)).Ok();
        Assert.Contains("2 recipients", (await RunAsync("rewrap", targets, "--key", _folder["zod.harbor"])).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_fills_harbors_and_names_those_that_are_away()
    {
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["zod"])).Ok();
        Directory.CreateDirectory(_folder["one"]);
        CommandRun run = await CommandRun.OfAsync(
            "mirror", Zod, "--store", $"sqlite:{_folder["log.db"]}", "--once", "--harbor", $"file:{_folder["one"]}", "--harbor", $"file:{_folder["away"]}", "--harbor-key", _folder["zod.harbor"]);
        Assert.Equal(4, run.ExitCode);
        Assert.Contains("SG1060", run.Output + run.Errors, StringComparison.Ordinal);
        (await RunAsync("restore", [$"file:{_folder["one"]}"], "--pier", _folder["back"])).Ok();
        (await CommandRun.OfAsync("pier", "verify", _folder["back"], "--store", $"lmdb:{Zod}")).Ok();
    }

    [Fact]
    public async Task What_is_wrong_with_keys_is_said()
    {
        string[] targets = await BackUpAsync("one");
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["zod"])).Fails("SG3012", 3);
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["other"])).Ok();
        (await CommandRun.OfAsync(["harbor", "list", .. targets, "--identity", _folder["other.identity"], "--ship", "~zod"])).Fails("SG1005", 1, "no backup");
        (await CommandRun.OfAsync(["harbor", "list", .. targets, "--identity", _folder["zod.harbor"], "--ship", "~zod"])).Fails("SG2003", 2, "signer");
        File.SetUnixFileMode(_folder["zod.identity"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        (await RunAsync("list", targets)).Fails("SG3022", 3, "chmod 600");
    }

    private static DateTimeOffset TimeOf(Pier pier, ulong number)
    {
        foreach (PierEvent read in pier.Read(new EventNumber(number), new EventNumber(number)))
            return EventTime.Of(read.Payload.Span) ?? throw new InvalidOperationException($"Event {number} has no time.");
        throw new InvalidOperationException($"There is no event {number}.");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<string[]> BackUpAsync(params string[] names)
    {
        string[] targets = [.. names.Select(name => $"file:{Directory.CreateDirectory(_folder[name]).FullName}")];
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["zod"])).Ok();
        (await CommandRun.OfAsync(["harbor", "attach", .. targets, "--key", _folder["zod.harbor"], "--store", $"lmdb:{Zod}"])).Ok();
        (await CommandRun.OfAsync(["harbor", "backup", .. targets, "--key", _folder["zod.harbor"], "--store", $"lmdb:{Zod}", "--snapshots", Zod])).Ok();
        return targets;
    }

    private Task<CommandRun> RunAsync(string verb, string[] targets, params string[] more) =>
        CommandRun.OfAsync(["harbor", verb, .. targets, "--identity", _folder["zod.identity"], "--ship", "~zod", .. more]);
}
