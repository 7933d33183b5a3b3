using System.Text.Json;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary>The verbs of <c>seguro log</c>, on a real sqlite store.</summary>
public sealed class LogCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("log-command");

    private string Store => "sqlite:" + _folder["log.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Appends_files_and_reads_them_back_byte_for_byte()
    {
        byte[] first = [1, 2, 3, 0, 255];
        byte[] second = new byte[300_000];
        new Random(7).NextBytes(second);
        await File.WriteAllBytesAsync(_folder["a"], first, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(_folder["b"], second, TestContext.Current.CancellationToken);

        CommandRun appended = (await CommandRun.OfAsync("log", "append", _folder["a"], _folder["b"], "--force", "--create", "--ship", "~zod", "--store", Store, "--json")).Ok();
        Assert.Equal(2, appended.Json.GetProperty("head").GetInt32());

        Assert.Equal(first, (await CommandRun.OfAsync("log", "read", "1", "--raw", "--ship", "~zod", "--store", Store)).Ok().Raw);
        (await CommandRun.OfAsync("log", "read", "2", "--out", _folder["out"], "--ship", "~zod", "--store", Store)).Ok();
        Assert.Equal(second, await File.ReadAllBytesAsync(_folder["out"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Appends_standard_input_and_an_empty_file()
    {
        await File.WriteAllBytesAsync(_folder["empty"], [], TestContext.Current.CancellationToken);
        string[] args = ["log", "append", "-", _folder["empty"], "--force", "--create", "--ship", "~zod", "--store", Store];
        (await CommandRun.OfAsync([9, 8, 7], args, TestContext.Current.CancellationToken)).Ok();
        Assert.Equal([9, 8, 7], (await CommandRun.OfAsync("log", "read", "1", "--raw", "--store", Store)).Ok().Raw);
        Assert.Empty((await CommandRun.OfAsync("log", "read", "2", "--raw", "--store", Store)).Ok().Raw);
        (await CommandRun.OfAsync([6], ["log", "append", "--force", "--store", Store], TestContext.Current.CancellationToken)).Ok();
        Assert.Equal([6], (await CommandRun.OfAsync("log", "read", "3", "--raw", "--store", Store)).Ok().Raw);
    }

    [Fact]
    public async Task Head_and_verify_print_the_fields_that_scripts_rely_on()
    {
        await AppendAsync(3);
        foreach (string verb in (string[])["head", "verify"])
        {
            JsonElement json = (await CommandRun.OfAsync("log", verb, "--store", Store, "--ship", "~zod", "--json")).Ok().Json;
            Assert.Equal("~zod", json.GetProperty("ship").GetString());
            Assert.Equal(1, json.GetProperty("first").GetInt32());
            Assert.Equal(3, json.GetProperty("head").GetInt32());
            Assert.Equal(1, json.GetProperty("term").GetInt32());
            Assert.Matches("^[0-9a-f]{64}$", json.GetProperty("chain").GetString()!);
            Assert.Equal(3, json.GetProperty("events").GetInt32());
        }
    }

    [Fact]
    public async Task Tail_prints_from_where_it_is_told_and_stops_after_count()
    {
        await AppendAsync(4);
        CommandRun run = (await CommandRun.OfAsync("log", "tail", "--from", "2", "--count", "2", "--store", Store, "--json")).Ok();
        int[] numbers = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("number").GetInt32())];
        Assert.Equal([2, 3], numbers);
    }

    [Fact]
    public async Task Trim_asks_first_and_then_removes()
    {
        await AppendAsync(5);
        (await CommandRun.OfAsync("log", "trim", "--before", "4", "--store", Store)).Fails("SG3017", 3, "3 events", "--yes");
        (await CommandRun.OfAsync("log", "trim", "--before", "4", "--store", Store, "--yes")).Ok();
        Assert.Equal(4, (await CommandRun.OfAsync("log", "verify", "--store", Store, "--json")).Ok().Json.GetProperty("first").GetInt32());
        (await CommandRun.OfAsync("log", "read", "2", "--store", Store)).Fails("SG1006", 1, "first is 4");
        (await CommandRun.OfAsync("log", "trim", "--before", "7", "--store", Store, "--yes")).Fails("SG1007", 1, "ends at 5");
    }

    [Theory]
    [InlineData("SG2001", 2, "log", "head", "--store", "sqlit:x")]
    [InlineData("SG2001", 2, "log", "head", "--store", "nonsense")]
    [InlineData("SG2001", 2, "log", "head", "--store", "postgresql:db")]
    [InlineData("SG2000", 2, "log", "haed")]
    [InlineData("SG2000", 2, "log", "head", "--stroe", "sqlite:x")]
    [InlineData("SG1012", 1, "log", "head", "--store", "sqlite:/nowhere/at/all.db")]
    public async Task Says_what_is_wrong_with_the_command_line(string code, int exitCode, params string[] args) =>
        (await CommandRun.OfAsync(args)).Fails(code, exitCode);

    [Fact]
    public async Task Names_the_ships_that_there_are_when_the_one_asked_for_is_not()
    {
        await AppendAsync(1);
        (await CommandRun.OfAsync("log", "head", "--store", Store, "--ship", "~nec")).Fails("SG1005", 1, "~nec", "~zod");
        (await CommandRun.OfAsync("log", "head", "--store", Store, "--ship", "zod!")).Fails("SG2002", 2);
        (await CommandRun.OfAsync("log", "read", "2", "--store", Store)).Fails("SG1007", 1, "the last is 1");
        (await CommandRun.OfAsync("log", "read", "0", "--store", Store)).Fails("SG2003", 2);
        (await CommandRun.OfAsync("log", "read", "3..2", "--store", Store)).Fails("SG2003", 2, "backwards");
        (await CommandRun.OfAsync("log", "append", _folder["missing"], "--store", Store)).Fails("SG1012", 1, "missing");
    }

    [Fact]
    public async Task What_is_no_event_is_refused_before_anything_is_made()
    {
        byte[] good = [0, 0, 0, 0, .. Jam.ToBytes(NounReader.Read("[~2023.11.14 [%ames ~] %hear 1 2]"))];
        await File.WriteAllBytesAsync(_folder["good"], good, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder["text"], "This is no event.", TestContext.Current.CancellationToken);
        string[] append = ["log", "append", _folder["good"], _folder["text"], "--store", Store];
        (await CommandRun.OfAsync([.. append, "--create", "--ship", "~zod"])).Fails("SG3011", 3, "text is no event of Urbit", "--force");
        (await CommandRun.OfAsync([1, 2, 3], ["log", "append", "--create", "--ship", "~zod", "--store", Store], TestContext.Current.CancellationToken)).Fails("SG3011", 3, "standard input");
        (await CommandRun.OfAsync("log", "head", "--store", Store)).Fails("SG1005", 1);

        (await CommandRun.OfAsync("log", "append", _folder["good"], "--create", "--ship", "~zod", "--store", Store)).Ok();
        (await CommandRun.OfAsync(append)).Fails("SG3011", 3);
        Assert.Equal(1, (await CommandRun.OfAsync("log", "head", "--store", Store, "--json")).Ok().Json.GetProperty("head").GetInt32());
        (await CommandRun.OfAsync([.. append, "--force"])).Ok();

        // What comes out of a real log goes in again.
        string zod = "lmdb:" + Path.Combine(SharedData.Path, "zod");
        List<string> files = [];
        foreach (int number in (int[])[1, 5, 6, 14, 600, 925])
        {
            files.Add(_folder[$"zod{number}"]);
            (await CommandRun.OfAsync("log", "read", $"{number}", "--out", files[^1], "--store", zod)).Ok();
        }
        (await CommandRun.OfAsync(["log", "append", .. files[2..], "--store", Store])).Ok();
    }

    [Fact]
    public async Task What_is_written_out_replaces_a_file_and_goes_into_anything_else()
    {
        await AppendAsync(2);
        byte[] second = "event 1"u8.ToArray();
        string file = _folder["out"];
        await File.WriteAllTextAsync(file, "before", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        (await CommandRun.OfAsync("log", "read", "2", "--out", file, "--store", Store)).Ok();
        Assert.Equal(second, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        (await CommandRun.OfAsync("log", "read", "2", "--out", _folder["new"], "--store", Store)).Ok();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["new"]));

        string link = _folder["link"];
        File.CreateSymbolicLink(link, file);
        await File.WriteAllTextAsync(file, "a longer text that was there before", TestContext.Current.CancellationToken);
        (await CommandRun.OfAsync("log", "read", "2", "--out", link, "--store", Store)).Ok();
        Assert.Equal(file, new FileInfo(link).LinkTarget);
        Assert.Equal(second, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));

        string dangling = _folder["dangling"];
        File.CreateSymbolicLink(dangling, _folder["made"]);
        (await CommandRun.OfAsync("log", "read", "2", "--out", dangling, "--store", Store)).Ok();
        Assert.Equal(second, await File.ReadAllBytesAsync(_folder["made"], TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder["made"]));

        string pipe = _folder["pipe"];
        await Tool.RunAsync(["mkfifo", pipe]);
        Task<byte[]> reading = Task.Run(() => File.ReadAllBytesAsync(pipe, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        (await CommandRun.OfAsync("noun", "jam", "[1 2 3]", "--out", pipe)).Ok();
        Assert.Equal(Jam.ToBytes(NounReader.Read("[1 2 3]")), await reading);

        (await CommandRun.OfAsync("log", "read", "2", "--out", _folder.Path, "--store", Store)).Fails("SG1011", 1, "folder");
        (await CommandRun.OfAsync("log", "read", "2", "--out", _folder["none/file"], "--store", Store)).Fails("SG1012", 1, "none/file");
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.partial"));
    }

    [Fact]
    public async Task One_ship_has_one_log_however_it_is_named()
    {
        byte[] good = [0, 0, 0, 0, .. Jam.ToBytes(NounReader.Read("[~2023.11.14 [%ames ~] %hear 1 2]"))];
        foreach (string name in (string[])["~sampel--palnet", "~sampel-palnet", "sampel-palnet"])
        {
            (await CommandRun.OfAsync(good, ["log", "append", "--create", "--ship", name, "--store", Store], TestContext.Current.CancellationToken)).Ok();
            Assert.Equal("~sampel-palnet", (await CommandRun.OfAsync("log", "head", "--ship", name, "--store", Store, "--json")).Ok().Json.GetProperty("ship").GetString());
        }
        Assert.Equal(3, (await CommandRun.OfAsync("log", "head", "--store", Store, "--json")).Ok().Json.GetProperty("head").GetInt32());
        (await CommandRun.OfAsync("log", "head", "--ship", "~sampel-palnxt", "--store", Store)).Fails("SG2002", 2, "'nxt'");
        JsonElement made = (await CommandRun.OfAsync("cluster", "init", _folder["cluster"], "--ship", "~sampel--palnet", "--members", "1", "--json")).Ok().Json;
        Assert.Equal("~sampel-palnet", made.GetProperty("ship").GetString());
    }

    [Fact]
    public async Task A_device_stays_a_device()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may make a device, and only root can replace one by a file");
        await AppendAsync(2);
        string device = _folder["null"]; // of this test's own: /dev/null is the machine's
        await Tool.RunAsync(["mknod", device, "c", "1", "3"]);
        (await CommandRun.OfAsync("log", "read", "2", "--out", device, "--store", Store)).Ok();
        (await CommandRun.OfAsync("noun", "jam", "[1 2 3]", "--out", device)).Ok();
        Assert.Equal("character special file", (await Tool.RunAsync(["stat", "-c", "%F", device])).Trim());
    }

    [Fact]
    public async Task An_error_as_json_has_code_message_and_next_step()
    {
        CommandRun run = await CommandRun.OfAsync("log", "head", "--store", "nonsense", "--json");
        JsonElement error = run.Json.GetProperty("error");
        Assert.Equal("SG2001", error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("next").GetString()!);
    }

    [Fact]
    public async Task A_password_is_never_printed()
    {
        CommandRun run = await CommandRun.OfAsync("log", "head", "--store", "postgresql://me:s3cret@127.0.0.1:1/db?connect_timeout=1", "--json");
        Assert.NotEqual(0, run.ExitCode);
        Assert.DoesNotContain("s3cret", run.Output + run.Errors, StringComparison.Ordinal);
    }

    private async Task AppendAsync(int events)
    {
        List<string> args = ["log", "append"];
        for (int index = 0; index < events; index++)
        {
            string file = _folder[$"event{index}"];
            await File.WriteAllTextAsync(file, $"event {index}", TestContext.Current.CancellationToken);
            args.Add(file);
        }
        args.AddRange(["--force", "--create", "--ship", "~zod", "--store", Store]);
        (await CommandRun.OfAsync([.. args])).Ok();
    }
}
