using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>The demo, as a newcomer runs it.</summary>
public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_kills_the_master_and_the_client_loses_nothing()
    {
        JsonElement result = (await SeguroProcess.RunAsync("demo", "--json")).Ok().Json;
        Assert.Equal(0, result.GetProperty("lost").GetInt64());
        Assert.Equal(0, result.GetProperty("phantoms").GetInt64());
        Assert.Equal(0, result.GetProperty("outOfOrder").GetInt64());
        Assert.True(result.GetProperty("asked").GetInt64() >= 900);
        Assert.True(result.GetProperty("equal").GetBoolean());
    }

    [Fact]
    public async Task The_demo_of_the_log_kills_two_leaders_and_loses_nothing()
    {
        JsonElement result = (await SeguroProcess.RunAsync("demo", "log", "--json")).Ok().Json;
        Assert.Equal(2, result.GetProperty("leadersKilled").GetInt32());
        Assert.Equal(0, result.GetProperty("lost").GetInt32());
        Assert.True(result.GetProperty("equal").GetBoolean());
        Assert.Equal(925, result.GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task The_demo_takes_a_pier_of_ones_own()
    {
        JsonElement result = (await SeguroProcess.RunAsync("demo", "log", "--json", "--pier", Path.Combine(SharedData.Path, "zod-epochs"))).Ok().Json;
        Assert.True(result.GetProperty("equal").GetBoolean());
        Assert.Equal(2074, result.GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task The_demo_of_a_ship_on_vere_mirrors_gates_kills_and_restores_it()
    {
        JsonElement result = (await SeguroProcess.RunAsync("demo", "vere", "--json", "--stand-in", StandInVere.Program)).Ok().Json;
        Assert.True(result.GetProperty("isStandIn").GetBoolean());
        Assert.Equal(0, result.GetProperty("lost").GetInt32());
        Assert.True(result.GetProperty("answered").GetInt32() >= 150);
        Assert.True(result.GetProperty("mirrorEqual").GetBoolean());
        Assert.True(result.GetProperty("equal").GetBoolean());
        Assert.True(result.GetProperty("restored").GetInt32() >= result.GetProperty("head").GetInt32());
        Assert.True(result.GetProperty("mirrored").GetInt32() < result.GetProperty("head").GetInt32());
    }

    [Fact]
    public async Task The_demo_of_a_ship_on_vere_says_what_it_needs()
    {
        SeguroProcess.Result nothing = await SeguroProcess.RunAsync("demo", "vere");
        Assert.Equal(2, nothing.ExitCode);
        Assert.Contains("--binary", nothing.Errors, StringComparison.Ordinal);
        SeguroProcess.Result noPill = await SeguroProcess.RunAsync("demo", "vere", "--binary", StandInVere.Program);
        Assert.Equal(2, noPill.ExitCode);
        Assert.Contains("--pill", noPill.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_starts_no_copy_of_a_real_ship()
    {
        using TemporaryFolder folder = new("demo");
        string pier = folder["real"];
        using (PierWriter writer = PierWriter.Create(pier, new PierIdentity(256, IsFake: false, Life: 1), EventNumber.None, "4.6"))
        {
            writer.Append(new EventNumber(1), new byte[8]);
            writer.Complete();
        }
        SeguroProcess.Result refused = await SeguroProcess.RunAsync("demo", "vere", "--binary", StandInVere.Program, "--pier", pier);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("SG3057", refused.Errors, StringComparison.Ordinal);
    }
}
