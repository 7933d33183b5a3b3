using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
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
