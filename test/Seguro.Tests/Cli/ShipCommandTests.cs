using System.Text.Json;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary>The verbs of <c>seguro ship</c>, on the small kernel and on a real ship's log.</summary>
public sealed class ShipCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("ship-command");

    private string Store => "sqlite:" + _folder["log.db"];

    private string Snapshots => _folder["snapshots"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_ship_boots_into_a_store_and_its_log_is_a_piers()
    {
        CommandRun run = (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~nec", "--store", Store, "--json")).Ok();
        JsonElement[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(DemoKernel.Life + 1, lines.Length);
        Assert.Equal("boot formula", lines[0].GetProperty("what").GetString());
        JsonElement summary = lines[^1];
        Assert.Equal("~nec", summary.GetProperty("ship").GetString());
        Assert.Equal(DemoKernel.Life, summary.GetProperty("life").GetInt32());
        string mug = summary.GetProperty("mug").GetString()!;

        Assert.Equal(summary.GetProperty("chain").GetString(), (await CommandRun.OfAsync("log", "verify", "--store", Store, "--json")).Ok().Json.GetProperty("chain").GetString());
        Assert.Equal(mug, (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--json")).Ok().Json.GetProperty("mug").GetString());
        (await CommandRun.OfAsync("pier", "export", _folder["nec"], "--store", Store)).Ok();
        JsonElement pier = (await CommandRun.OfAsync("pier", "inspect", _folder["nec"], "--json")).Ok().Json;
        Assert.Equal(DemoKernel.Life, pier.GetProperty("life").GetInt32());
        Assert.True(pier.GetProperty("fake").GetBoolean());

        (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~nec", "--store", Store)).Fails("SG3012", 3, "~nec");
    }

    [Fact]
    public async Task An_ivory_pill_has_the_mugs_that_vere_printed()
    {
        string pill = Path.Combine(SharedData.Path, "ivory-2023-02-08.pill");
        string[] lines = (await CommandRun.OfAsync("ship", "boot", pill)).Ok().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["lite: arvo formula 2a2274c9", "lite: core 4bb376f0", "lite: final state 4bb376f0"], lines.Select(static line => line.TrimEnd()));
        (await CommandRun.OfAsync("ship", "boot", pill, "--fake", "~zod")).Fails("SG2003", 2, "ivory");
    }

    [Fact]
    public async Task A_real_ship_lives_on_from_an_exported_state_and_from_a_snapshot()
    {
        string state = Path.Combine(SharedData.Path, "zod", ".urb", "roc", "599.jam");
        string store = "lmdb:" + SharedData.CopyPier("zod", _folder["zod"]);
        JsonElement first = (await CommandRun.OfAsync("ship", "replay", "--store", store, "--from-state", state, "--to", "603", "--snapshot", Snapshots, "--json")).Ok().Json;
        Assert.Equal(600, first.GetProperty("from").GetInt32());
        Assert.Equal(4, first.GetProperty("checked").GetInt32());

        JsonElement second = (await CommandRun.OfAsync("ship", "replay", "--store", store, "--to", "605", "--snapshot", Snapshots, "--json")).Ok().Json;
        Assert.Equal(604, second.GetProperty("from").GetInt32());
        Assert.Equal(605, second.GetProperty("to").GetInt32());
        JsonElement shown = (await CommandRun.OfAsync("log", "show", "605", "--store", store, "--json")).Ok().Json;
        Assert.Equal(shown.GetProperty("mug").GetString(), second.GetProperty("mug").GetString());

        JsonElement third = (await CommandRun.OfAsync("ship", "replay", "--store", store, "--to", "605", "--snapshot", Snapshots, "--json")).Ok().Json;
        Assert.Equal(0, third.GetProperty("events").GetInt32());
        Assert.Equal(JsonValueKind.Null, third.GetProperty("from").ValueKind);
    }

    [Fact]
    public async Task The_first_event_that_differs_is_named_and_what_was_computed_is_kept()
    {
        byte[][] payloads = await LiveAsync(6);
        payloads[^2][0] ^= 1;
        foreach (byte[] payload in payloads)
            (await CommandRun.OfAsync(payload, ["log", "append", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        int last = DemoKernel.Life + payloads.Length;

        CommandRun run = (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--snapshot", Snapshots, "--every", "3"))
            .Fails("SG1016", 1, $"event {last - 1}", $"events 1 to {last - 2} were computed");
        Assert.DoesNotContain($"event {last} ", run.Errors, StringComparison.Ordinal);
        Assert.Contains(Directory.GetFiles(Snapshots), file => file.Contains($"{last - 2}.snapshot", StringComparison.Ordinal));
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--snapshot", Snapshots)).Fails("SG1016", 1, $"event {last - 1}", "the first that was computed");
        Assert.Equal((ulong)last - 2, (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--to", $"{last - 2}", "--json")).Ok().Json.GetProperty("to").GetUInt64());
    }

    [Fact]
    public async Task A_snapshot_of_another_log_is_passed_over()
    {
        foreach (byte[] payload in await LiveAsync(3))
            (await CommandRun.OfAsync(payload, ["log", "append", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--snapshot", Snapshots)).Ok();

        string other = "sqlite:" + _folder["other.db"];
        (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~nec", "--store", other)).Ok();
        foreach (byte[] payload in (await ComputeAsync(4, "other"))[1..])
            (await CommandRun.OfAsync(payload, ["log", "append", "--store", other], TestContext.Current.CancellationToken)).Ok();
        CommandRun run = await CommandRun.OfAsync("ship", "replay", "--store", other, "--snapshot", Snapshots, "--json");
        Assert.Contains("of another log", run.Errors, StringComparison.Ordinal);
        // One event was left out of that log, so the mugs differ: what matters is that it began at event 1.
        run.Fails("SG1016", 1, $"event {DemoKernel.Life + 1}");
    }

    [Fact]
    public async Task A_drill_of_a_backup_computes_what_it_restored()
    {
        foreach (byte[] payload in await LiveAsync(3))
            (await CommandRun.OfAsync(payload, ["log", "append", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        string target = $"file:{Directory.CreateDirectory(_folder["target"]).FullName}";
        Directory.CreateDirectory(_folder["room"]);
        string[] drill = ["harbor", "drill", target, "--identity", _folder["nec.identity"], "--ship", "~nec", "--in", _folder["room"]];
        (await CommandRun.OfAsync("harbor", "key", "new", _folder["nec"])).Ok();
        (await CommandRun.OfAsync("harbor", "backup", target, "--key", _folder["nec.harbor"], "--store", Store)).Ok();
        Assert.Equal(JsonValueKind.Null, (await CommandRun.OfAsync([.. drill, "--json"])).Ok().Json.GetProperty("mugs").ValueKind);
        Assert.Contains("3 events lead to the mugs that they carry", (await CommandRun.OfAsync([.. drill, "--replay"])).Ok().Output, StringComparison.Ordinal);
        // Whole, and not what the ship computes.
        (await CommandRun.OfAsync((await ComputeAsync(2, "other"))[^1], ["log", "append", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        (await CommandRun.OfAsync("harbor", "backup", target, "--key", _folder["nec.harbor"], "--store", Store)).Ok();
        (await CommandRun.OfAsync(drill)).Ok();
        (await CommandRun.OfAsync([.. drill, "--replay"])).Fails("SG1016", 1, $"event {DemoKernel.Life + 4}");
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["room"]));
    }

    [Fact]
    public async Task Says_what_is_wrong_with_the_command_line()
    {
        string pill = Path.Combine(SharedData.Path, "ivory-2023-02-08.pill");
        (await CommandRun.OfAsync("ship", "boot", "demo")).Fails("SG2000", 2, "--fake");
        (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~nobody")).Fails("SG2002", 2);
        (await CommandRun.OfAsync("ship", "boot", _folder["missing.pill"], "--fake", "~zod")).Fails("SG1012", 1, "missing.pill");
        await File.WriteAllBytesAsync(_folder["no.pill"], Jam.ToBytes(NounReader.Read("[1 2 3]")), TestContext.Current.CancellationToken);
        (await CommandRun.OfAsync("ship", "boot", _folder["no.pill"], "--fake", "~zod")).Fails("SG2003", 2, "not a pill");

        (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~zod", "--store", Store)).Ok();
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--to", "9")).Fails("SG1007", 1, "1 to 2");
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--from-state", pill)).Fails("SG2000", 2, "--state-event");
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--from-state", _folder["5.jam"])).Fails("SG1012", 1, "5.jam");
        (await CommandRun.OfAsync("ship", "replay", "--store", Store, "--every", "0")).Fails("SG2003", 2, "--every");
        (await CommandRun.OfAsync([1], ["log", "append", "--force", "--create", "--ship", "~nec", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        (await CommandRun.OfAsync("ship", "replay", "--ship", "~nec", "--store", Store)).Fails("SG3011", 3, "no boot");
    }

    /// <summary>Boots the small kernel into the store, and makes some events of it.</summary>
    private async Task<byte[][]> LiveAsync(int events)
    {
        (await CommandRun.OfAsync("ship", "boot", "demo", "--fake", "~nec", "--store", Store)).Ok();
        return await ComputeAsync(events, "hello");
    }

    private async Task<byte[][]> ComputeAsync(int events, string word)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using NockShip ship = new(new NockShipOptions { Folder = _folder["own"], Life = DemoKernel.Life });
        foreach (ReadOnlyMemory<byte> formula in DemoKernel.BootPayloads())
            await ship.ApplyAsync(ship.Number.Next, formula, cancel);
        List<byte[]> payloads = [];
        for (int index = 0; index < events; index++)
        {
            byte[] ovum = Jam.ToBytes(NounReader.Read($"[[%ames ~] %hear [0 1] '{word}{index}']"));
            Computation.Accepted made = Assert.IsType<Computation.Accepted>(await ship.PokeAsync(new Ovum(ovum, DateTimeOffset.UnixEpoch.AddDays(20_000 + index)), long.MaxValue, cancel));
            payloads.Add(made.Payload.ToArray());
        }
        return [.. payloads];
    }
}
