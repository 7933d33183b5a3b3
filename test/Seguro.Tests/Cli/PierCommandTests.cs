using System.Text.Json;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Piers;
using Seguro.Tests.Piers.Transfer;

namespace Seguro.Tests.Cli;

/// <summary>The verbs of <c>seguro pier</c>, on real piers and a real sqlite store.</summary>
public sealed class PierCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("pier-command");
    private readonly TransferFixture _piers = new();

    private string Store => "sqlite:" + _folder["log.db"];

    public void Dispose()
    {
        _folder.Dispose();
        _piers.Dispose();
    }

    [Theory]
    [InlineData("zod", "4.6-859fd5c", 925, 1)]
    [InlineData("zod-epochs", "4.6-859fd5c", 2074, 2)]
    [InlineData("zod-3.5", "3.5", 531, 1)]
    public async Task Inspect_says_what_is_in_a_real_pier(string name, string vere, ulong head, int epochs)
    {
        string path = Path.Combine(SharedData.Path, name);
        JsonElement json = (await CommandRun.OfAsync("pier", "inspect", path, "--json")).Ok().Json;
        Assert.Equal("~zod", json.GetProperty("ship").GetString());
        Assert.Equal("galaxy", json.GetProperty("rank").GetString());
        Assert.True(json.GetProperty("fake").GetBoolean());
        Assert.Equal(5, json.GetProperty("life").GetInt32());
        Assert.Equal(vere, json.GetProperty("vere").GetString());
        Assert.Equal(1, json.GetProperty("first").GetInt32());
        Assert.Equal(head, json.GetProperty("head").GetUInt64());
        Assert.Equal(epochs, json.GetProperty("epochs").GetArrayLength());
        Assert.False(json.GetProperty("lock").GetProperty("held").GetBoolean());

        string text = (await CommandRun.OfAsync("pier", "inspect", path)).Ok().Output;
        Assert.Contains("~zod, a fake galaxy", text, StringComparison.Ordinal);
        Assert.Contains("0i0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pier_goes_in_and_comes_out_and_is_the_same()
    {
        string source = Path.Combine(SharedData.Path, "zod-epochs");
        JsonElement imported = (await CommandRun.OfAsync("pier", "import", source, "--store", Store, "--json")).Ok().Json;
        Assert.Equal(("~zod", 2074), (imported.GetProperty("ship").GetString(), imported.GetProperty("imported").GetInt32()));
        string chain = imported.GetProperty("chain").GetString()!;

        JsonElement again = (await CommandRun.OfAsync("pier", "import", source, "--store", Store, "--json")).Ok().Json;
        Assert.Equal((0, 2074), (again.GetProperty("imported").GetInt32(), again.GetProperty("alreadyThere").GetInt32()));
        Assert.Contains("nothing to do", (await CommandRun.OfAsync("pier", "import", source, "--store", Store)).Ok().Output, StringComparison.Ordinal);

        JsonElement exported = (await CommandRun.OfAsync("pier", "export", _folder["back"], "--store", Store, "--ship", "~zod", "--json")).Ok().Json;
        Assert.Equal((2074, chain), (exported.GetProperty("exported").GetInt32(), exported.GetProperty("chain").GetString()));
        Assert.False(exported.GetProperty("needsSnapshot").GetBoolean());
        Assert.Equal("4.6-859fd5c", await File.ReadAllTextAsync(Path.Combine(_folder["back"], ".urb", "log", "0i0", "vere.txt"), TestContext.Current.CancellationToken));

        foreach (string pier in (string[])[source, _folder["back"]])
        {
            JsonElement verified = (await CommandRun.OfAsync("pier", "verify", pier, "--store", Store, "--json")).Ok().Json;
            Assert.True(verified.GetProperty("same").GetBoolean());
            Assert.Equal((2074, chain), (verified.GetProperty("compared").GetInt32(), verified.GetProperty("chain").GetString()));
        }
        Assert.Contains("2,074 events", (await CommandRun.OfAsync("pier", "verify", source, "--store", Store)).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_history_is_refused_and_its_first_event_named()
    {
        byte[][] events = TransferFixture.MakeEvents(40);
        using Pier mine = _piers.MakePier(events);
        events[16] = [.. events[16]];
        events[16][3] ^= 1;
        using Pier other = _piers.MakePier(events);
        (string minePath, string otherPath) = (mine.Info.Path, other.Info.Path);
        mine.Dispose();
        other.Dispose();

        (await CommandRun.OfAsync("pier", "import", minePath, "--store", Store)).Ok();
        (await CommandRun.OfAsync("pier", "import", otherPath, "--store", Store)).Fails("SG3004", 3, "event 17", "from byte 3 on");
        (await CommandRun.OfAsync("pier", "verify", otherPath, "--store", Store)).Fails("SG1008", 1, "event 17");
        CommandRun run = await CommandRun.OfAsync("pier", "verify", otherPath, "--store", Store, "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.False(run.Json.GetProperty("same").GetBoolean());
        Assert.Equal((17, 3), (run.Json.GetProperty("difference").GetProperty("number").GetInt32(), run.Json.GetProperty("difference").GetProperty("offset").GetInt32()));
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        (await CommandRun.OfAsync("pier", "inspect", _folder["none"])).Fails("SG1012", 1);
        (await CommandRun.OfAsync("pier", "import", _folder["none"], "--store", Store)).Fails("SG1012", 1);
        Assert.False(File.Exists(_folder["log.db"]), "a store was made for a pier that is not there");
        string zod = Path.Combine(SharedData.Path, "zod-3.5");
        (await CommandRun.OfAsync("pier", "verify", zod, "--store", Store)).Fails("SG1012", 1);
        using Pier other = _piers.MakePier(TransferFixture.MakeEvents(3));
        string path = other.Info.Path;
        other.Dispose();
        (await CommandRun.OfAsync("pier", "import", path, "--store", Store)).Ok();
        (await CommandRun.OfAsync("pier", "verify", zod, "--store", Store)).Fails("SG1005", 1, "~zod");
        (await CommandRun.OfAsync("pier", "export", path, "--store", Store)).Fails("SG3012", 3);
    }

    [Fact]
    public async Task A_pier_that_proves_its_log_short_is_shown_and_taken_only_by_name()
    {
        string pier = SharedData.CopyPier("zod", _folder["pier"]);
        PierLeftovers.Image(pier, PierLeftovers.Chk, 926);
        PierLeftovers.State(pier, 4_311_199_133);
        JsonElement json = (await CommandRun.OfAsync("pier", "inspect", pier, "--json")).Ok().Json;
        Assert.Equal(
            [("snapshot", 926UL), ("state", 4_311_199_133)],
            json.GetProperty("evidence").EnumerateArray().Select(static one => (one.GetProperty("kind").GetString()!, one.GetProperty("event").GetUInt64())));
        Assert.Equal((926, 5), (json.GetProperty("snapshots")[0].GetProperty("event").GetInt32(), json.GetProperty("snapshots")[0].GetProperty("layout").GetInt32()));
        CommandRun shown = (await CommandRun.OfAsync("pier", "inspect", pier)).Ok();
        Assert.Contains("image.bin is the state after event 926", shown.Errors, StringComparison.Ordinal);

        foreach (string[] verb in (string[][])[
            ["pier", "import", pier, "--store", Store],
            ["pier", "verify", pier, "--store", Store],
            ["pier", "export", _folder["out"], "--store", "lmdb:" + pier],
            ["log", "verify", "--store", "lmdb:" + pier],
            ["log", "append", "--store", "lmdb:" + pier]])
        {
            (await CommandRun.OfAsync(verb)).Fails("SG3040", 3, "926", "4311199133", "--despite snapshot,state");
            (await CommandRun.OfAsync([.. verb, "--despite", "state"])).Fails("SG3040", 3, "926");
        }
        Assert.False(File.Exists(_folder["log.db"]) || Directory.Exists(_folder["out"]), "something was made for a pier that was refused");
        (await CommandRun.OfAsync("pier", "import", pier, "--store", Store, "--despite", "everything")).Fails("SG2003", 2, "snapshot");

        CommandRun taken = (await CommandRun.OfAsync("pier", "import", pier, "--store", Store, "--despite", "snapshot,state")).Ok();
        Assert.Contains("in spite of", taken.Errors, StringComparison.Ordinal);
        (await CommandRun.OfAsync("pier", "verify", pier, "--store", Store, "--despite", "snapshot,state")).Ok();
        (await CommandRun.OfAsync("pier", "export", _folder["out"], "--store", "lmdb:" + pier, "--despite", "snapshot,state")).Ok();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task Numbers_above_2_32_go_through_everything(string engine)
    {
        const ulong First = 4_311_199_133; // an event that a real ship has reached
        byte[][] events = [.. Enumerable.Range(0, 40).Select(static i => (byte[])[0, 0, 0, 0, .. Jam.ToBytes(NounReader.Read($"[~2023.11.14 [%ames ~] %hear 1 {i}]"))])];
        using Pier made = _piers.MakePier(events, baseNumber: First - 1);
        string path = made.Info.Path;
        made.Dispose();
        string store = $"{engine}:{_folder["log"]}";
        Assert.True(Directory.Exists(Path.Combine(path, ".urb", "log", "0i4311199132")));
        PierLeftovers.Image(path, PierLeftovers.Chk, First + 20);

        JsonElement inspected = (await CommandRun.OfAsync("pier", "inspect", path, "--json")).Ok().Json;
        Assert.Equal((First, First + 39, First - 1), (inspected.GetProperty("first").GetUInt64(), inspected.GetProperty("head").GetUInt64(), inspected.GetProperty("epochs")[0].GetProperty("start").GetUInt64()));
        Assert.Contains("4311199172", (await CommandRun.OfAsync("pier", "inspect", path)).Ok().Output, StringComparison.Ordinal);
        JsonElement imported = (await CommandRun.OfAsync("pier", "import", path, "--store", store, "--json")).Ok().Json;
        Assert.Equal((40UL, First, First + 39), (imported.GetProperty("imported").GetUInt64(), imported.GetProperty("first").GetUInt64(), imported.GetProperty("head").GetUInt64()));
        Assert.Equal(0, (await CommandRun.OfAsync("pier", "import", path, "--store", store, "--json")).Ok().Json.GetProperty("imported").GetInt32());
        Assert.Equal(40, (await CommandRun.OfAsync("pier", "verify", path, "--store", store, "--json")).Ok().Json.GetProperty("compared").GetInt32());
        Assert.Equal(First + 39, (await CommandRun.OfAsync("log", "verify", "--store", store, "--json")).Ok().Json.GetProperty("head").GetUInt64());
        Assert.Equal(events[4], (await CommandRun.OfAsync("log", "read", $"{First + 4}", "--raw", "--store", store)).Ok().Raw);
        Assert.Equal(
            [First + 38, First + 39],
            (await CommandRun.OfAsync("log", "read", $"{First + 38}..", "--json", "--store", store)).Ok().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("number").GetUInt64()));
        Assert.Contains("4311199135: %hear", (await CommandRun.OfAsync("log", "show", "4311199135", "--store", store)).Ok().Output, StringComparison.Ordinal);
        Assert.Contains("4311199170 ", (await CommandRun.OfAsync("log", "tail", "--from", $"{First + 37}", "--count", "2", "--store", store)).Ok().Output, StringComparison.Ordinal);
        (await CommandRun.OfAsync("log", "read", "7", "--store", store)).Fails("SG1006", 1);

        (await CommandRun.OfAsync(events[7], ["log", "append", "--store", store], TestContext.Current.CancellationToken)).Ok();
        JsonElement restored = (await CommandRun.OfAsync("pier", "restore", _folder["back"], "--snapshots", path, "--store", store, "--json")).Ok().Json;
        Assert.Equal((First + 40, First + 20), (restored.GetProperty("head").GetUInt64(), restored.GetProperty("snapshot").GetProperty("event").GetUInt64()));
        using (Pier back = Pier.Open(_folder["back"], PierAccess.Offline))
            Assert.Equal((First, First + 40), (back.Info.First.Value, back.Info.Last.Value));
        Assert.Equal(5, (await CommandRun.OfAsync("log", "trim", "--before", $"{First + 5}", "--yes", "--store", store, "--json")).Ok().Json.GetProperty("removed").GetInt32());
        Assert.Equal(First + 5, (await CommandRun.OfAsync("log", "head", "--store", store, "--json")).Ok().Json.GetProperty("first").GetUInt64());
    }

    [Fact]
    public async Task A_chopped_pier_comes_out_with_a_warning()
    {
        using Pier chopped = _piers.MakePier(TransferFixture.MakeEvents(6), baseNumber: 30);
        string path = chopped.Info.Path;
        chopped.Dispose();
        (await CommandRun.OfAsync("pier", "import", path, "--store", Store)).Ok();
        CommandRun exported = (await CommandRun.OfAsync("pier", "export", _folder["back"], "--store", Store)).Ok();
        Assert.Contains("snapshot of event 30", exported.Errors, StringComparison.Ordinal);
    }
}
