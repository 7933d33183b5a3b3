using System.Globalization;
using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary>
/// A ship whose log begins at event 4,311,199,133, above 2^32, as one was reported (vere's issue #919): a real ship's events under these numbers, chopped below. Every verb knows them.
/// </summary>
public sealed class HighNumberTests : IDisposable
{
    private const ulong Base = 4_311_199_132;
    private const ulong RealBase = 599; // there is a state of the real ship after this event
    private const int Events = 326;
    private const ulong Last = Base + Events;

    private readonly TemporaryFolder _folder = new("high");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sqlite")]
    [InlineData("rocksdb")]
    [InlineData("lmdb")]
    public async Task Is_imported_mirrored_exported_and_verified(string engine)
    {
        string pier = MakePier();
        string store = $"{engine}:{_folder["imported"]}";
        JsonElement inspected = (await CommandRun.OfAsync("pier", "inspect", pier, "--json")).Ok().Json;
        Assert.Equal((Base + 1, Last), (inspected.GetProperty("first").GetUInt64(), inspected.GetProperty("head").GetUInt64()));
        JsonElement imported = (await CommandRun.OfAsync("pier", "import", pier, "--store", store, "--json")).Ok().Json;
        Assert.Equal((Base + 1, Last, Events), (imported.GetProperty("first").GetUInt64(), imported.GetProperty("head").GetUInt64(), imported.GetProperty("imported").GetInt32()));
        string mirrored = $"{engine}:{_folder["mirrored"]}";
        JsonElement mirror = (await CommandRun.OfAsync("mirror", pier, "--store", mirrored, "--once", "--json")).Ok().Json;
        Assert.Equal((Last, 0UL), (mirror.GetProperty("head").GetUInt64(), mirror.GetProperty("lagEvents").GetUInt64()));
        JsonElement status = (await CommandRun.OfAsync("mirror", "status", "--store", mirrored, "--json")).Ok().Json;
        Assert.Equal((Last, Last), (status.GetProperty("seen").GetUInt64(), status.GetProperty("head").GetUInt64()));
        JsonElement head = (await CommandRun.OfAsync("log", "head", "--store", mirrored, "--json")).Ok().Json;
        Assert.Equal((Base + 1, Last), (head.GetProperty("first").GetUInt64(), head.GetProperty("head").GetUInt64()));
        Assert.StartsWith($"mirrored {Last} ", head.GetProperty("custody").GetString(), StringComparison.Ordinal);
        Assert.Equal(imported.GetProperty("chain").GetString(), head.GetProperty("chain").GetString());
        JsonElement shown = (await CommandRun.OfAsync("log", "show", $"{Base + 1}", "--store", store, "--json")).Ok().Json;
        Assert.Equal((Base + 1, "event"), (shown.GetProperty("number").GetUInt64(), shown.GetProperty("kind").GetString()));
        (await CommandRun.OfAsync("log", "show", $"{Base - uint.MaxValue}", "--store", store)).Fails("SG1006", 1); // the number's lower half is none of its events

        foreach (string verb in (string[])["export", "restore"])
        {
            string made = _folder[verb];
            (await CommandRun.OfAsync(["pier", verb, made, "--store", store, .. verb == "restore" ? ["--snapshots", pier] : Array.Empty<string>()])).Ok();
            Assert.True(File.Exists(Path.Combine(made, ".urb", "log", $"0i{Base}", "data.mdb")));
            (await CommandRun.OfAsync("pier", "verify", made, "--store", mirrored)).Ok();
        }
        Assert.True(File.Exists(Path.Combine(_folder["restore"], ".urb", "roc", $"{Base}.jam")));
        (await CommandRun.OfAsync("pier", "restore", _folder["earlier"], "--snapshots", pier, "--to", $"{Last - 5}", "--store", store)).Ok();
        Assert.Contains($"up to {Last - 5} only", await File.ReadAllTextAsync(Path.Combine(_folder["earlier"], ".urb", "seguro.forensics"), Cancel), StringComparison.Ordinal);

        (await CommandRun.OfAsync("log", "trim", "--before", $"{Base + 11}", "--yes", "--store", store)).Ok();
        (await CommandRun.OfAsync("pier", "verify", pier, "--store", store)).Ok();
        (await CommandRun.OfAsync("log", "verify", "--store", store)).Ok();
    }

    [Fact]
    public async Task Is_replayed_with_every_mug_and_its_snapshots_are_named_by_it()
    {
        string pier = MakePier();
        string store = $"sqlite:{_folder["log.db"]}";
        (await CommandRun.OfAsync("pier", "import", pier, "--store", store)).Ok();
        string to = (Base + 40).ToString(CultureInfo.InvariantCulture);
        JsonElement replayed = (await CommandRun.OfAsync(
            "ship", "replay", "--store", store, "--from-state", Path.Combine(pier, ".urb", "roc", $"{Base}.jam"), "--to", to, "--snapshot", _folder["snapshots"], "--json")).Ok().Json;
        Assert.Equal((Base + 1, Base + 40, 40), (replayed.GetProperty("from").GetUInt64(), replayed.GetProperty("to").GetUInt64(), replayed.GetProperty("checked").GetInt32()));
        Assert.Equal([$"event-0000000000{Base + 40}.snapshot"], Directory.GetFiles(_folder["snapshots"]).Select(Path.GetFileName));
        JsonElement further = (await CommandRun.OfAsync("ship", "replay", "--store", store, "--to", $"{Base + 50}", "--snapshot", _folder["snapshots"], "--json")).Ok().Json;
        Assert.Equal((Base + 41, Base + 50), (further.GetProperty("from").GetUInt64(), further.GetProperty("to").GetUInt64()));
    }

    /// <summary>The real ship's events after its exported state, as they would be numbered in a ship that lived longer; and that state.</summary>
    private string MakePier()
    {
        string path = _folder["pier"];
        using Pier real = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        using PierWriter writer = PierWriter.Create(path, real.Info.Identity, new EventNumber(Base), "4.6");
        foreach (PierEvent read in real.Read(new EventNumber(RealBase + 1), new EventNumber(RealBase + Events)))
            writer.Append(new EventNumber(Base + (read.Number.Value - RealBase)), read.Payload.Span);
        using (FileStream state = File.OpenRead(Path.Combine(SharedData.Path, "zod", ".urb", "roc", $"{RealBase}.jam")))
            writer.AddFile($".urb/roc/{Base}.jam", state);
        writer.Complete();
        return path;
    }
}
