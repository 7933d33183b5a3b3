using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Seguro.Tests.Piers;
using Seguro.Tests.Piers.Transfer;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro pier restore</c>: with a snapshot where one is needed, and never with one that the vere could not use; marked where it is not the whole log.</summary>
public sealed class PierRestoreCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("restore");
    private readonly TransferFixture _piers = new();

    private string Store => "sqlite:" + _folder["log.db"];

    public void Dispose()
    {
        _folder.Dispose();
        _piers.Dispose();
    }

    [Fact]
    public async Task A_real_log_comes_back_with_the_state_that_vere_exported()
    {
        string zod = Path.Combine(SharedData.Path, "zod");
        (await CommandRun.OfAsync("pier", "import", zod, "--store", Store)).Ok();
        JsonElement json = (await CommandRun.OfAsync("pier", "restore", _folder["back"], "--snapshots", zod, "--store", Store, "--json")).Ok().Json;
        Assert.Equal((925, 925, false), (json.GetProperty("restored").GetInt32(), json.GetProperty("head").GetInt32(), json.GetProperty("forensics").GetBoolean()));
        Assert.Equal((599, true), (json.GetProperty("snapshot").GetProperty("event").GetInt32(), json.GetProperty("snapshot").GetProperty("state").GetBoolean()));
        Assert.Equal(
            await File.ReadAllBytesAsync(Path.Combine(zod, ".urb", "roc", "599.jam"), Cancel), await File.ReadAllBytesAsync(Path.Combine(_folder["back"], ".urb", "roc", "599.jam"), Cancel));
        (await CommandRun.OfAsync("pier", "verify", _folder["back"], "--store", Store)).Ok();
        Assert.Contains("queu -r 599", (await CommandRun.OfAsync("pier", "restore", _folder["again"], "--snapshots", zod, "--store", Store)).Ok().Output, StringComparison.Ordinal);
        Assert.Contains("none", (await CommandRun.OfAsync("pier", "restore", _folder["without"], "--store", Store)).Ok().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4.6", 30, 5, 0, null)]
    [InlineData("4.6", 33, 5, 0, null)]
    [InlineData("4.6", 36, 5, 0, null)]
    [InlineData("4.6", 37, 5, 0, "it is of event 37, and the pier ends at 36")]
    [InlineData("4.6", 29, 5, 0, "it is of event 29, and the pier begins after 30")]
    [InlineData("4.6", 33, 6, 0, "its layout is 6, and vere 4.6 takes 5")]
    [InlineData("4.6", 33, 5, 1, "its words have 64 bits")]
    [InlineData("3.5", 33, 5, 0, "its layout is 5, and vere 3.5 takes 1 to 4")]
    public async Task A_chopped_log_needs_a_snapshot_that_its_vere_can_use(string vere, ulong number, ulong layout, ulong bits, string? problem)
    {
        await ImportChoppedAsync();
        PierLeftovers.Image(_folder.Path, "chk", number, layout, bits);
        CommandRun run = await CommandRun.OfAsync("pier", "restore", _folder["back"], "--vere", vere, "--snapshots", _folder["chk"], "--store", Store);
        if (problem is not null)
        {
            run.Fails("SG3016", 3, problem);
            Assert.False(Path.Exists(_folder["back"]) || Path.Exists(_folder["back"] + ".seguro-partial"), "something was made");
            return;
        }
        run.Ok();
        using Pier pier = Pier.Open(_folder["back"], PierAccess.Offline);
        Assert.Contains(pier.Info.Images, image => image.File == ".urb/chk/image.bin" && image.Event.Value == number);
        Assert.Equal(number == 30, File.Exists(Path.Combine(_folder["back"], ".urb", "log", "0i30", "image.bin")));
        Assert.True(VereVerdict.Of(pier.Info)[^1].Opens);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["back"], ".urb", "chk", "image.bin")));
    }

    [Fact]
    public async Task The_newest_that_can_be_used_goes_along()
    {
        await ImportChoppedAsync();
        (await CommandRun.OfAsync("pier", "restore", _folder["back"], "--store", Store)).Fails("SG3016", 3, "snapshot of event 30");
        string copy = _folder["copy"];
        PierLeftovers.Image(copy, PierLeftovers.Chk, 35);
        PierLeftovers.Write(copy, $"{PierLeftovers.Chk}/control.bin", [1]); // it was being saved when the copy was made
        PierLeftovers.Image(copy, ".urb/log/0i30", 30);
        PierLeftovers.South(copy, ".urb/bhk", 34);
        PierLeftovers.State(copy, 32);
        PierLeftovers.State(copy, 40);
        CommandRun run = (await CommandRun.OfAsync("pier", "restore", _folder["back"], "--snapshots", copy, "--store", Store, "--json")).Ok();
        Assert.Equal(32, run.Json.GetProperty("snapshot").GetProperty("event").GetInt32());
        Assert.Contains("being saved", run.Errors, StringComparison.Ordinal);
        Assert.Contains("north.bin, is not there", run.Errors, StringComparison.Ordinal);
        (await CommandRun.OfAsync("pier", "restore", _folder["epoch"], "--snapshots", Path.Combine(copy, ".urb/log/0i30/image.bin"), "--store", Store)).Ok();
        (await CommandRun.OfAsync("pier", "restore", _folder["none"], "--snapshots", _folder["missing"], "--store", Store)).Fails("SG1012", 1);

        // Of vere 3: two files.
        PierLeftovers.Write(copy, ".urb/bhk/north.bin", new byte[1 << 14]);
        (await CommandRun.OfAsync("pier", "restore", _folder["three"], "--vere", "3.5", "--snapshots", Path.Combine(copy, ".urb/bhk"), "--store", Store)).Ok();
        Assert.True(File.Exists(Path.Combine(_folder["three"], ".urb/chk/north.bin")) && File.Exists(Path.Combine(_folder["three"], ".urb/chk/south.bin")));
        using Pier three = Pier.Open(_folder["three"], PierAccess.Offline);
        Assert.Equal((PierLayout.EpochsV3, true), (three.Info.Layout, VereVerdict.Of(three.Info)[1].Opens));
    }

    [Fact]
    public async Task A_pier_of_an_earlier_time_is_marked_and_never_started()
    {
        string zod = Path.Combine(SharedData.Path, "zod");
        (await CommandRun.OfAsync("pier", "import", zod, "--store", Store)).Ok();
        string back = _folder["back"];
        CommandRun run = (await CommandRun.OfAsync("pier", "restore", back, "--to", "600", "--snapshots", zod, "--store", Store, "--json")).Ok();
        Assert.Equal((600, 925, true), (run.Json.GetProperty("head").GetInt32(), run.Json.GetProperty("logHead").GetInt32(), run.Json.GetProperty("forensics").GetBoolean()));
        Assert.Contains("must be reset", run.Errors, StringComparison.Ordinal);
        Assert.Contains("~zod", await File.ReadAllTextAsync(Path.Combine(back, ForensicMark.File), Cancel), StringComparison.Ordinal);

        JsonElement inspected = (await CommandRun.OfAsync("pier", "inspect", back, "--json")).Ok().Json;
        Assert.Equal("forensics", inspected.GetProperty("evidence")[0].GetProperty("kind").GetString());
        (await CommandRun.OfAsync("pier", "import", back, "--store", "sqlite:" + _folder["other.db"])).Fails("SG3040", 3, "--despite forensics");
        (await CommandRun.OfAsync("pier", "export", _folder["out"], "--store", "lmdb:" + back)).Fails("SG3040", 3);
        (await CommandRun.OfAsync("pier", "verify", back, "--store", Store, "--despite", "forensics")).Ok();
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => LocalLog.OpenAsync(
            back, Ship.Parse("~zod"), static _ => throw new InvalidOperationException("There is a pier."), "member", TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.ShortLog, refused.Code);

        (await CommandRun.OfAsync("pier", "restore", _folder["more"], "--to", "926", "--store", Store)).Fails("SG1007", 1, "1 to 925");
        (await CommandRun.OfAsync("pier", "restore", _folder["all"], "--to", "925", "--store", Store)).Ok();
        Assert.False(File.Exists(Path.Combine(_folder["all"], ForensicMark.File)));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task ImportChoppedAsync()
    {
        using Pier chopped = _piers.MakePier(TransferFixture.MakeEvents(6), baseNumber: 30);
        string path = chopped.Info.Path;
        chopped.Dispose();
        (await CommandRun.OfAsync("pier", "import", path, "--store", Store)).Ok();
    }
}
