using System.Security.Cryptography;
using System.Text.Json;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Vere.StandIn;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro vere rehearse</c> and <c>upgrade</c>, with processes that stand in for vere 3.5 and 4.6.</summary>
public sealed class VereCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("veres");
    private readonly StandInPier _pier = new("3.5");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_vere_is_rehearsed_on_a_copy_and_then_a_stopped_replica_goes_over_to_it()
    {
        await _pier.BootAsync();
        string old = Vere("old", "3.5");
        string next = Vere("new", "4.6");
        string root = _folder["c"];
        (await CommandRun.OfAsync("cluster", "init", root, "--members", "1", "--kind", "vere", "--vere-binary", old, "--import", _pier.Path)).Ok();
        string configuration = Path.Combine(root, "m1", "seguro.json");
        string pier = Path.Combine(root, "m1", "data", "pier");
        string[] upgrade = ["vere", "upgrade", "--binary", next, "-c", configuration];
        (await CommandRun.OfAsync(upgrade)).Fails("SG3054", 3, "was not rehearsed", "seguro vere rehearse");

        string before = Digest(pier);
        JsonElement verdict = (await CommandRun.OfAsync("vere", "rehearse", "--binary", next, "-c", configuration, "--json")).Ok().Json;
        Assert.True(verdict.GetProperty("passed").GetBoolean());
        Assert.Equal(("3.5", "4.6"), (verdict.GetProperty("from").GetString(), verdict.GetProperty("to").GetString()));
        Assert.Equal(
            [("catch up", "skipped"), ("migrate", "ok"), ("replay", "skipped"), ("start", "ok")],
            verdict.GetProperty("steps").EnumerateArray().Select(static step => (step.GetProperty("name").GetString(), step.GetProperty("outcome").GetString())));
        Assert.True(verdict.GetProperty("steps")[3].GetProperty("peakMemory").GetInt64() > 1 << 20);
        Assert.Equal(before, Digest(pier));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(Path.GetDirectoryName(pier)!, ".*"), static left => left.Contains("rehearsal", StringComparison.Ordinal));

        (await CommandRun.OfAsync("vere", "upgrade", "--binary", Vere("other", "4.7"), "-c", configuration)).Fails("SG3054", 3, "another vere");
        (await CommandRun.OfAsync(upgrade)).Ok();
        Assert.Contains(next, await File.ReadAllTextAsync(configuration, Cancel), StringComparison.Ordinal);
        using Pier after = Pier.Open(pier, PierAccess.Offline);
        Assert.Equal(("4.6", PierLayout.EpochsV4), (after.Info.VereVersion, after.Info.Layout));
        Assert.Equal(verdict.GetProperty("head").GetUInt64(), after.Info.Last.Value);
    }

    [Fact]
    public async Task All_that_a_vere_of_the_same_formats_computes_is_compared()
    {
        using StandInPier pier = new();
        await pier.BootAsync();
        JsonElement verdict = (await RehearseAsync(Vere("same", "4.6"), pier.Path)).Ok().Json;
        Assert.Equal("ok", verdict.GetProperty("steps")[2].GetProperty("outcome").GetString());
        // One that computes something else.
        string wrong = Script("wrong", $"case \"$*\" in *--full*) echo 'mug mismatch' >&2; exit 1;; esac\nexec '{StandInVere.Program}' \"$@\"");
        verdict = (await RehearseAsync(wrong, pier.Path, exit: 3)).Json;
        Assert.Equal(("replay", "failed"), Last(verdict));
        Assert.Contains("mug mismatch", verdict.GetProperty("steps")[2].GetProperty("lastLines").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hang", "exec sleep 100", "--time", "1s")]
    [InlineData("time", "while :; do echo on; sleep 0.1; done", "--time", "1s")]
    [InlineData("memory", "exec sleep 100", "--memory", "10B")]
    [InlineData("disk", "for last in \"$@\"; do :; done; head -c 80000000 /dev/zero > \"$last/more\"; exec sleep 100", "--disk", "70MB")]
    [InlineData("failed", "[ $(grep -c : /proc/net/dev) = 1 ] && exit 7; exit 0")] // there is a loopback, and no way out
    public async Task One_that_does_not_do_is_told_by_what_it_does_and_leaves_nothing(string outcome, string script, params string[] limits)
    {
        await _pier.BootAsync();
        string before = Digest(_pier.Path);
        JsonElement verdict = (await RehearseAsync(Script("bad", script), _pier.Path, exit: 3, limits)).Json;
        Assert.False(verdict.GetProperty("passed").GetBoolean());
        Assert.Equal(("migrate", outcome), Last(verdict));
        if (outcome == "failed")
            Assert.Equal(7, verdict.GetProperty("steps")[1].GetProperty("exitCode").GetInt32());
        Assert.Equal(before, Digest(_pier.Path));
        Assert.Empty(Directory.GetFileSystemEntries(_folder["work"]));
    }

    public void Dispose()
    {
        _pier.Dispose();
        _folder.Dispose();
    }

    private async Task<CommandRun> RehearseAsync(string binary, string pier, int exit = 0, params string[] more)
    {
        Directory.CreateDirectory(_folder["work"]);
        CommandRun run = await CommandRun.OfAsync(["vere", "rehearse", "--binary", binary, "--pier", pier, "--work", _folder["work"], "--json", .. more]);
        Assert.True(run.ExitCode == exit, run.Output + run.Errors);
        return run;
    }

    private static (string?, string?) Last(JsonElement verdict)
    {
        JsonElement last = verdict.GetProperty("steps").EnumerateArray().Last();
        return (last.GetProperty("name").GetString(), last.GetProperty("outcome").GetString());
    }

    private string Vere(string name, string version) => Script(name, $"STANDIN_VERE_VERSION={version} exec '{StandInVere.Program}' \"$@\"");

    private string Script(string name, string text)
    {
        string path = _folder[name];
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>All files of a pier, and what is in them.</summary>
    private static string Digest(string pier)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in Directory.EnumerateFiles(pier, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(file));
            hash.AppendData(File.ReadAllBytes(file));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
