using System.Text.Json;
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
}
