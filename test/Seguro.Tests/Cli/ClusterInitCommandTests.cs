using System.Net.NetworkInformation;
using System.Text.Json;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro cluster init</c>: what it takes, what it refuses before anything is written, and what it says to do next.</summary>
public sealed class ClusterInitCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Root => _folder["c"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--hosts", "0.0.0.0,10.0.0.2,10.0.0.3")]
    [InlineData("--hosts", "[::],10.0.0.2,10.0.0.3")]
    [InlineData("--hosts", "10.0.0.1,,10.0.0.3")]
    [InlineData("--hosts", "10.0.0.1, a b ,10.0.0.3")]
    [InlineData("--kernel", "vere")]
    [InlineData("--kernel", "demo", "--real")]
    [InlineData("--kernel", "demo", "--import")]
    public async Task Refuses_before_anything_is_written(params string[] words)
    {
        (await InitAsync(words)).Fails("SG2003", 2);
        Assert.False(Directory.Exists(Root));
    }

    [Fact]
    public async Task Takes_hosts_with_blanks_and_brackets()
    {
        (await InitAsync("--hosts", "fd00::1, [fd00::2] ,db3.example")).Ok();
        JsonElement members = Configuration("m1").GetProperty("members");
        Assert.Equal("[fd00::1]:7500", members.GetProperty("m1").GetProperty("links").GetString());
        Assert.Equal("[fd00::2]:7500", members.GetProperty("m2").GetProperty("links").GetString());
        Assert.Equal("db3.example:7500", members.GetProperty("m3").GetProperty("links").GetString());
    }

    [Theory]
    [InlineData("a,b,c", null)]
    [InlineData("a,a,b", "a is the machine of 2 of 3 members: without it the cluster stands still.")]
    [InlineData("a,b,A,c,d", "a is the machine of 2 of 5 members: they are lost together.")]
    public async Task Says_what_the_loss_of_a_machine_with_several_members_means(string hosts, string? warning)
    {
        string errors = string.Join(' ', (await InitAsync("--hosts", hosts, "--balancer", "door:7500", "--members", $"{hosts.Split(',').Length}")).Ok().Errors.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(warning is not null, errors.Contains("warning", StringComparison.Ordinal));
        Assert.Contains(warning ?? "", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "--hosts", "a,b,c")]
    [InlineData(false, "--hosts", "a,b,c", "--balancer", "door:13338")]
    [InlineData(false, "--hosts", "a", "--members", "1")]
    [InlineData(false)] // all on this machine: a trial
    public async Task Says_that_the_door_is_lost_with_the_first_members_machine(bool isSaid, params string[] words)
    {
        string errors = string.Join(' ', (await InitAsync(words)).Ok().Errors.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(isSaid, errors.Contains("whoever loses that machine loses the ship's door, too. Name a machine of its own: --balancer HOST:PORT.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_command_that_it_prints_for_the_balancer_is_one_that_the_balancer_takes()
    {
        int outside = FreePort.Next();
        string made = (await InitAsync("--kernel", "demo", "--hosts", "a,b,c", "--balancer", $"localhost:{FreePort.Next()}")).Ok().Output;
        string[] words = made.Split('\n').Single(static line => line.TrimStart().StartsWith("seguro balancer ", StringComparison.Ordinal)).Trim().Split(' ');
        string[] typed = [.. words[1..].Select(word => word switch
        {
            "0.0.0.0:PORT" => $"0.0.0.0:{outside}", // "a public port of your choice"
            "balancer.keys" => Path.Combine(Root, word),
            _ => word,
        })];
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<CommandRun> running = CommandRun.OfAsync([], typed, stop.Token);
        while (!running.IsCompleted && !IPGlobalProperties.GetIPGlobalProperties().GetActiveUdpListeners().Any(listener => listener.Port == outside))
            await Task.Delay(20, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        (await running).Ok();
    }

    [Fact]
    public async Task The_demo_kernel_is_begun_only_where_it_is_asked_for()
    {
        CommandRun made = (await InitAsync()).Ok();
        Assert.Equal("import", Configuration("m2").GetProperty("ship").GetProperty("kernel").GetString());
        Assert.Contains("seguro pier import PIER --store dqlite://", made.Output, StringComparison.Ordinal);
        Directory.Delete(Root, recursive: true);
        made = (await InitAsync("--kernel", "demo")).Ok();
        Assert.Equal("demo", Configuration("m2").GetProperty("ship").GetProperty("kernel").GetString());
        Assert.DoesNotContain("pier import", made.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_is_given_out_once_whatever_became_of_the_folder()
    {
        (await InitAsync("--kernel", "demo")).Ok();
        Assert.Equal(4, (await CommandRun.OfAsync("cluster", "add", Root, "n4", "--json")).Ok().Json.GetProperty("id").GetInt32());
        Directory.Delete(Path.Combine(Root, "n4"), recursive: true); // it was moved to its machine
        Assert.Equal(5, (await CommandRun.OfAsync("cluster", "add", Root, "n5", "--json")).Ok().Json.GetProperty("id").GetInt32());
    }

    private Task<CommandRun> InitAsync(params string[] words) => CommandRun.OfAsync(["cluster", "init", Root, "--ship", "~zod", .. words]);

    private JsonElement Configuration(string member) => JsonDocument.Parse(
        File.ReadAllText(Path.Combine(Root, member, "seguro.json")), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }).RootElement;
}
