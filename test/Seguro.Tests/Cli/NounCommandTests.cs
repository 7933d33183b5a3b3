using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary>The verbs of <c>seguro noun</c>.</summary>
public sealed class NounCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("noun-command");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Jam_and_cue_are_inverse()
    {
        const string Text = "[1 %two 'and three' \"four five\" ~]";
        string jam = (await CommandRun.OfAsync("noun", "jam", Text)).Ok().Output.Trim();
        Assert.Equal(Text, (await CommandRun.OfAsync("noun", "cue", jam)).Ok().Output.Trim());

        byte[] bytes = (await CommandRun.OfAsync("noun", "jam", Text, "--raw")).Ok().Raw;
        Assert.Equal(Jam.ToBytes(NounReader.Read(Text)), bytes);
        Assert.Equal(Text, (await InputAsync(bytes, "noun", "cue", "-")).Ok().Output.Trim());
        Assert.Equal(Text, (await InputAsync(Encoding.ASCII.GetBytes(jam), "noun", "cue", "-")).Ok().Output.Trim());

        JsonElement json = (await CommandRun.OfAsync("noun", "jam", Text, "--out", _folder["a.jam"], "--json")).Ok().Json;
        Assert.Equal(bytes.Length, json.GetProperty("size").GetInt32());
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder["a.jam"], TestContext.Current.CancellationToken));
        Assert.Equal(Text, (await CommandRun.OfAsync("noun", "show", _folder["a.jam"])).Ok().Output.Trim());
    }

    [Fact]
    public async Task Mug_is_hexadecimal_and_a_number()
    {
        JsonElement json = (await CommandRun.OfAsync("noun", "mug", "[1 2 ~]", "--json")).Ok().Json;
        Assert.Equal("28c68cc8", json.GetProperty("mug").GetString());
        Assert.Equal(0x28c68cc8, json.GetProperty("number").GetInt32());
        Assert.Equal("28c68cc8", (await CommandRun.OfAsync("noun", "mug", "[1 2 ~]")).Ok().Output.Trim());
    }

    [Fact]
    public async Task The_mug_of_a_pill_is_what_vere_printed() =>
        Assert.Equal("2a2274c9", (await CommandRun.OfAsync("noun", "mug", Path.Combine(SharedData.Path, "ivory-2023-02-08.pill"))).Ok().Output.Trim());

    [Fact]
    public async Task Show_bounds_a_pill_and_says_that_it_was_cut()
    {
        string pill = Path.Combine(SharedData.Path, "brass-2023-02-08.pill");
        CommandRun run = (await CommandRun.OfAsync("noun", "show", pill, "--limit", "300")).Ok();
        Assert.StartsWith("[%pill %brass ", run.Output, StringComparison.Ordinal);
        Assert.InRange(run.Output.Length, 300, 700);
        Assert.Contains("--limit 0", run.Errors, StringComparison.Ordinal);
        Assert.False((await CommandRun.OfAsync("noun", "show", pill, "--json")).Ok().Json.GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task What_show_prints_whole_can_be_read_back()
    {
        string store = "sqlite:" + _folder["zod.db"];
        (await CommandRun.OfAsync("pier", "import", Path.Combine(SharedData.Path, "zod"), "--store", store)).Ok();
        foreach (string number in (string[])["1", "2", "4", "601", "925"])
        {
            byte[] payload = (await CommandRun.OfAsync("log", "read", number, "--raw", "--store", store)).Ok().Raw;
            string text = (await InputAsync(payload, "noun", "show", "-", "--as", "event", "--limit", "0")).Ok().Output;
            byte[] jam = (await InputAsync(Encoding.UTF8.GetBytes(text), "noun", "jam", "-", "--raw")).Ok().Raw;
            Assert.Equal(payload[4..], jam);
        }
    }

    [Fact]
    public async Task Newt_frames_and_events_are_taken_out_of_their_frames()
    {
        byte[] jam = Jam.ToBytes(NounReader.Read("[%work 1]"));
        byte[] frame = [0, 0, 0, 0, 0, .. jam];
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), jam.Length);
        Assert.Equal("[%work 1]\n[%work 1]\n", (await InputAsync([.. frame, .. frame], "noun", "show", "-")).Ok().Output.ReplaceLineEndings("\n"));
        Assert.Equal("[%work 1]", (await InputAsync([1, 2, 3, 4, .. jam], "noun", "show", "-", "--as", "event")).Ok().Output.Trim());
        (await InputAsync(frame[..^1], "noun", "show", "-", "--as", "newt")).Fails("SG2003", 2, "newt");
        (await InputAsync([.. frame, .. frame], "noun", "jam", "-")).Fails("SG2003", 2, "2 nouns");
    }

    [Fact]
    public async Task An_aura_can_be_asked_for()
    {
        foreach ((string aura, string text) in ((string, string)[])[("p", "~sampel-palnet"), ("ud", "1.624.961.343"), ("ux", "0x60da.f13f"), ("t", @"'?\f1\da`'")])
            Assert.Equal(text, (await CommandRun.OfAsync("noun", "show", "~sampel-palnet", "--aura", aura)).Ok().Output.Trim());
        (await CommandRun.OfAsync("noun", "show", "1", "--aura", "nonsense")).Fails("SG2000", 2, "nonsense");
    }

    [Fact]
    public async Task Says_what_is_wrong_with_the_input()
    {
        (await CommandRun.OfAsync("noun", "show", "[1 2")).Fails("SG2003", 2, "character 1", "not closed");
        (await CommandRun.OfAsync("noun", "show", _folder["missing.jam"])).Fails("SG1012", 1, "missing.jam");
        (await CommandRun.OfAsync("noun", "cue", "[1 2]")).Fails("SG2003", 2, "a cell");
        (await CommandRun.OfAsync("noun", "cue", "0x1")).Fails("SG1004", 1);
        (await InputAsync([], "noun", "show", "-")).Fails("SG2003", 2, "empty");
        (await InputAsync([0xff, 0xff, 0xff], "noun", "show", "-")).Fails("SG1004", 1);
        (await InputAsync("[1 2"u8.ToArray(), "noun", "show", "-", "--as", "text")).Fails("SG2003", 2, "not closed");
        (await CommandRun.OfAsync("noun", "jam", "1", "--raw", "--json")).Fails("SG2000", 2, "--raw");
    }

    private static Task<CommandRun> InputAsync(byte[] input, params string[] args) => CommandRun.OfAsync(input, args, TestContext.Current.CancellationToken);
}
