using System.Text.Json;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary>One stopped pier and two stores, or two clusters: the second is refused, with a command for each way on.</summary>
public sealed class ImportedTwiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("twice");

    private string PierPath => _folder["zod"];

    public ImportedTwiceTests()
    {
        using PierWriter pier = PierWriter.Create(PierPath, new PierIdentity(0, IsFake: true, Life: 1), EventNumber.None, "4.6");
        for (ulong number = 1; number <= 3; number++)
            pier.Append(new EventNumber(number), [0, 0, 0, 0, .. Jam.ToBytes(Cell.Of(number, 0))]);
        pier.Complete();
    }

    [Fact]
    public async Task A_second_store_is_refused_and_the_first_may_have_it_again()
    {
        (await ImportAsync("one")).Ok();
        (await ImportAsync("one")).Ok();
        CommandRun refused = await ImportAsync("two");
        refused.Fails("SG3053", 3, "was imported into sqlite:", "--copy", "--instead");
        Assert.Contains($"seguro pier import {PierPath} --store {Store("one")}", Flat(refused), StringComparison.Ordinal);
        Assert.NotEqual(0, (await CommandRun.OfAsync("log", "head", "--store", Store("two"))).ExitCode);
    }

    [Fact]
    public async Task A_copy_says_so_and_no_cluster_begins_with_it()
    {
        (await ImportAsync("one")).Ok();
        (await ImportAsync("two", "--copy")).Ok();
        CommandRun shown = await CommandRun.OfAsync("custody", "show", "--store", Store("two"), "--json");
        Assert.Equal("gated", shown.Json.GetProperty("custody").GetString());
        (await CommandRun.OfAsync("custody", "take", "--store", Store("two"), "--ship", "~zod")).Fails("SG3051", 3, "is a copy");
        (await ImportAsync("one")).Ok(); // the mark is that of the first still
    }

    [Fact]
    public async Task The_first_can_be_given_up()
    {
        (await ImportAsync("one")).Ok();
        (await ImportAsync("two", "--instead")).Ok();
        (await ImportAsync("one")).Fails("SG3053", 3);
    }

    [Fact]
    public async Task Nothing_is_written_into_a_pier_without_the_right_to_write_and_that_is_said()
    {
        string log = Path.Combine(PierPath, ".urb");
        UnixFileMode before = File.GetUnixFileMode(log);
        File.SetUnixFileMode(log, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            CommandRun imported = await ImportAsync("one");
            imported.Ok();
            Assert.Contains("can't be marked", Flat(imported), StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(PierPath, ImportedMark.File)));
        }
        finally
        {
            File.SetUnixFileMode(log, before);
        }
    }

    [Fact]
    public async Task A_copy_of_a_pier_that_is_given_up_elsewhere_has_no_mark_of_it()
    {
        (await InitAsync("a")).Ok();
        (await InitAsync("b", "--instead")).Ok();
        Assert.False(File.Exists(Path.Combine(_folder["b/m1/data/pier"], ImportedMark.File)));
    }

    [Fact]
    public async Task A_pier_that_was_given_to_a_cluster_is_given_to_no_other()
    {
        (await InitAsync("a")).Ok();
        Assert.True(PierFiles.Exists(_folder["a/m1/data/pier"]));
        Assert.True(PierFiles.Exists(_folder["a/m2/data/pier"]));
        (await InitAsync("b")).Fails("SG3053", 3, "was given to the cluster in", "--instead");
        Assert.False(Directory.Exists(_folder["b"]));
        (await ImportAsync("one")).Fails("SG3053", 3, "was given to the cluster in");
        (await InitAsync("b", "--instead")).Ok();
        JsonElement configuration = JsonDocument.Parse(
            await File.ReadAllTextAsync(_folder["b/m2/seguro.json"], TestContext.Current.CancellationToken), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip }).RootElement;
        Assert.Equal(
            ("vere", "pier", true),
            (configuration.GetProperty("ship").GetProperty("kind").GetString(), configuration.GetProperty("ship").GetProperty("kernel").GetString(),
            configuration.GetProperty("ship").GetProperty("fake").GetBoolean()));
        Assert.Equal("/opt/urbit", configuration.GetProperty("vere").GetProperty("binary").GetString());
        Assert.StartsWith("-p ", configuration.GetProperty("vere").GetProperty("arguments").GetString(), StringComparison.Ordinal);
        Assert.False(configuration.TryGetProperty("balancer", out _));
        Assert.False(configuration.GetProperty("member").TryGetProperty("udp", out _));
    }

    [Theory]
    [InlineData("SG2003", 2, "--kind", "vere", "--ship", "~zod")]
    [InlineData("SG2003", 2, "--kind", "vere")]
    [InlineData("SG2003", 2, "--kind", "vere", "--ship", "~zod", "--fake", "--kernel", "demo")]
    [InlineData("SG2003", 2, "--kind", "vere", "--ship", "~zod", "--fake", "--vere-arguments", "--serf-bin x")]
    [InlineData("SG2003", 2, "--ship", "~zod", "--vere-binary", "urbit")]
    [InlineData("SG2003", 2, "--ship", "~zod", "--fake", "--real")]
    [InlineData("SG3003", 3, "--kind", "vere", "--ship", "~bus", "--import", "PIER")]
    [InlineData("SG3003", 3, "--kind", "vere", "--real", "--import", "PIER")]
    public async Task What_does_not_go_together_is_refused_before_anything_is_made(string code, int exit, params string[] words)
    {
        string root = _folder["c"];
        (await CommandRun.OfAsync(["cluster", "init", root, .. words.Select(word => word == "PIER" ? PierPath : word)])).Fails(code, exit);
        Assert.False(Directory.Exists(root));
        Assert.Null(ImportedMark.Read(PierPath));
    }

    public void Dispose() => _folder.Dispose();

    private string Store(string name) => $"sqlite:{_folder[name]}.db";

    private Task<CommandRun> ImportAsync(string store, params string[] more) => CommandRun.OfAsync(["pier", "import", PierPath, "--store", Store(store), .. more]);

    private Task<CommandRun> InitAsync(string name, params string[] more) =>
        CommandRun.OfAsync(["cluster", "init", _folder[name], "--kind", "vere", "--vere-binary", "/opt/urbit", "--import", PierPath, .. more]);

    private static string Flat(CommandRun run) => string.Join(' ', (run.Output + run.Errors).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
