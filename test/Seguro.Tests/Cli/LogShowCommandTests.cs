using System.Text.Json;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro log show</c>, on a real ship's log and on bytes that are none.</summary>
public sealed class LogShowCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("log-show");

    private string Store => "sqlite:" + _folder["log.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_event_of_a_real_log_is_decoded()
    {
        (await CommandRun.OfAsync("pier", "import", Path.Combine(SharedData.Path, "zod"), "--store", Store)).Ok();
        JsonElement[] events = await ShowAsync("1..");
        Assert.Equal(925, events.Length);
        Assert.All(events[..5], shown => Assert.Equal("formula", shown.GetProperty("kind").GetString()));
        Assert.All(events[5..], shown => Assert.Equal("event", shown.GetProperty("kind").GetString()));
        Assert.All(events[13..], shown => Assert.NotEqual("0", shown.GetProperty("mug").GetString()));
        Assert.Equal("76adbc01", events[598].GetProperty("mug").GetString());
        JsonElement wyrd = events[599];
        Assert.Equal("//arvo", wyrd.GetProperty("wire").GetString());
        Assert.Equal("wyrd", wyrd.GetProperty("tag").GetString());
        Assert.Equal("~2026.11.23..02.08.06..b76b", wyrd.GetProperty("time").GetString());
        Assert.Equal("2026-11-23T02:08:06.716Z", wyrd.GetProperty("iso").GetString());

        string text = (await CommandRun.OfAsync("log", "show", "5..6", "--store", Store)).Ok().Output;
        Assert.Contains("boot formula 5 of 5", text, StringComparison.Ordinal);
        Assert.Contains("%wyrd from //arvo", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_whole_event_can_be_read_back()
    {
        (await CommandRun.OfAsync("pier", "import", Path.Combine(SharedData.Path, "zod"), "--store", Store)).Ok();
        byte[] payload = (await CommandRun.OfAsync("log", "read", "700", "--raw", "--store", Store)).Ok().Raw;
        JsonElement shown = JsonDocument.Parse((await CommandRun.OfAsync("log", "show", "700", "--full", "--json", "--store", Store)).Ok().Output).RootElement;
        Assert.Equal(payload[4..], Jam.ToBytes(NounReader.Read(shown.GetProperty("noun").GetString()!)));
    }

    [Fact]
    public async Task A_failure_is_shown_with_what_failed()
    {
        Noun failed = NounReader.Read("[~2024.1.2 [0 %arvo ~] %crud [%exit [[%leaf \"some trace\"] ~]] [%b %behn ~] %wake ~]");
        await AppendAsync([0x44, 0x33, 0x22, 0x11, .. Jam.ToBytes(failed)]);
        JsonElement failure = (await ShowAsync("1"))[0].GetProperty("failure");
        Assert.Equal("exit", failure.GetProperty("mote").GetString());
        Assert.Equal("/b/behn", failure.GetProperty("wire").GetString());
        Assert.Equal("wake", failure.GetProperty("tag").GetString());
        Assert.Contains("some trace", failure.GetProperty("trace").GetString(), StringComparison.Ordinal);
        string text = (await CommandRun.OfAsync("log", "show", "1", "--store", Store)).Ok().Output;
        Assert.Contains("%wake from /b/behn, with %exit", text, StringComparison.Ordinal);
        Assert.Contains("11223344", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_entropy_are_shown_only_on_demand()
    {
        foreach (string card in (string[])["%boot & %dawn 0xdead.cafe ~", "%wack 0xdead.cafe", "%rekey 2 0xdead.cafe"])
            await AppendAsync([0, 0, 0, 0, .. Jam.ToBytes(NounReader.Read($"[~2024.1.2 [0 %arvo ~] {card}]"))]);
        foreach (string[] json in (string[][])[[], ["--json"]])
        {
            Assert.DoesNotContain("dead", (await CommandRun.OfAsync(["log", "show", "..", "--store", Store, .. json])).Ok().Output, StringComparison.Ordinal);
            Assert.Contains("dead", (await CommandRun.OfAsync(["log", "show", "..", "--full", "--store", Store, .. json])).Ok().Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_event_are_said_to_be_so()
    {
        byte[][] payloads = [[1, 2, 3], "just some text"u8.ToArray(), [0, 0, 0, 0, .. new byte[100]], [0xff, 0xff, 0xff, 0xff, 2], [], [1, 0, 0, 0, .. Jam.ToBytes(NounReader.Read("[1 2 3]"))]];
        foreach (byte[] payload in payloads)
            await AppendAsync(payload);
        JsonElement[] shown = await ShowAsync("..");
        Assert.Equal(payloads.Length, shown.Length);
        Assert.All(shown, one => Assert.Equal("opaque", one.GetProperty("kind").GetString()));
        Assert.Equal("0x010203", shown[0].GetProperty("bytes").GetString());
        string text = (await CommandRun.OfAsync("log", "show", "2", "--store", Store)).Ok().Output;
        Assert.Contains("no event of Urbit", text, StringComparison.Ordinal);
        Assert.Contains("0x6a757374", text, StringComparison.Ordinal);
        (await CommandRun.OfAsync("log", "show", "9", "--store", Store)).Fails("SG1007", 1, "the last is 6");
        (await CommandRun.OfAsync("log", "show", "x", "--store", Store)).Fails("SG2003", 2);
    }

    private async Task<JsonElement[]> ShowAsync(string range)
    {
        string output = (await CommandRun.OfAsync("log", "show", range, "--store", Store, "--json")).Ok().Output;
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement)];
    }

    private async Task AppendAsync(byte[] payload) =>
        (await CommandRun.OfAsync(payload, ["log", "append", "-", "--create", "--ship", "~zod", "--store", Store], TestContext.Current.CancellationToken)).Ok();
}
