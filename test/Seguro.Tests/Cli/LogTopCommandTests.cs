using System.Text.Json;
using Seguro.Cli.Commands.Log;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

/// <summary><c>seguro log top</c>: on real piers, beside what the whole noun of each event says.</summary>
public sealed class LogTopCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("top");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("zod")]
    [InlineData("zod-3.5")]
    [InlineData("zod-epochs")]
    public async Task Explains_a_real_log(string name)
    {
        string path = Path.Combine(SharedData.Path, name);
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        JsonElement top = (await CommandRun.OfAsync("log", "top", "--store", "lmdb:" + path, "--json")).Ok().Json;
        Assert.Equal((pier.Info.Count, pier.Info.Bytes), (top.GetProperty("events").GetUInt64(), top.GetProperty("bytes").GetInt64()));
        Assert.InRange(top.GetProperty("explained").GetDouble(), 0.95, 1);
        foreach (string by in (string[])["wire", "card", "peer", "agent", "time"])
        {
            JsonElement[] rows = [.. top.GetProperty("by").GetProperty(by).EnumerateArray()];
            Assert.Equal(pier.Info.Bytes, rows.Sum(static row => row.GetProperty("bytes").GetInt64()));
            Assert.Equal((long)pier.Info.Count, rows.Sum(static row => row.GetProperty("events").GetInt64()));
        }
        Assert.Equal("(formula)", top.GetProperty("by").GetProperty("card").EnumerateArray().Select(static row => row.GetProperty("name").GetString()).First(static card => card is "(formula)"));
    }

    [Fact]
    public async Task Says_the_same_of_a_store_and_shows_a_part_and_the_largest()
    {
        string path = Path.Combine(SharedData.Path, "zod");
        string store = "sqlite:" + _folder["log.db"];
        (await CommandRun.OfAsync("pier", "import", path, "--store", store)).Ok();
        string ofPier = (await CommandRun.OfAsync("log", "top", "600..", "--store", "lmdb:" + path, "--json")).Ok().Output;
        Assert.Equal(ofPier, (await CommandRun.OfAsync("log", "top", "600..", "--store", store, "--json")).Ok().Output);
        JsonElement part = JsonDocument.Parse(ofPier).RootElement;
        Assert.Equal((600, 925, 326), (part.GetProperty("from").GetInt32(), part.GetProperty("to").GetInt32(), part.GetProperty("events").GetInt32()));
        string[] peers = [.. part.GetProperty("by").GetProperty("peer").EnumerateArray().Select(static row => row.GetProperty("name").GetString()!)];
        Assert.Contains("(no packet)", peers);
        Assert.Contains(peers, static peer => peer.StartsWith('~')); // the second real ship with which this one talked

        CommandRun text = (await CommandRun.OfAsync("log", "top", "--by", "card,wire", "--limit", "2", "--store", store)).Ok();
        Assert.Contains("of the bytes explained", text.Output, StringComparison.Ordinal);
        Assert.Contains("(all others)", text.Output, StringComparison.Ordinal);
        (await CommandRun.OfAsync("log", "top", "--by", "moon", "--store", store)).Fails("SG2003", 2, "wire, card, peer");
        (await CommandRun.OfAsync("log", "top", "--limit", "0", "--store", store)).Fails("SG2003", 2);
    }

    [Fact]
    public void A_glance_at_the_beginning_says_what_the_whole_event_does()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        ulong? life = pier.Info.Identity.Life;
        HashSet<string> cards = [];
        foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
        {
            ReadOnlySpan<byte> payload = read.Payload.Span;
            EventSource source = EventSource.Of(read.Number, payload[..Math.Min(payload.Length, EventSource.Head)], payload.Length, life)!;
            cards.Add(source.Card);
            if (DecodedEvent.Of(read.Number, payload, life) is not DecodedEvent.Timed whole)
            {
                Assert.Equal(EventSource.Boot, source);
                continue;
            }
            Assert.Equal("%" + Cord.Text(whole.Tag), source.Card);
            Assert.Equal("/" + string.Join('/', NounList.Items(whole.Wire).Take(2).Select(static part => Cord.Text((Atom)part))), source.Wire);
            Assert.True(DateAtom.TryToTime(whole.Time, out DateTimeOffset time));
            Assert.Equal(time, source.Time);
            Assert.Equal(source.Card is "%hear" or "%heer", source.Peer is not null);
            // Any shorter beginning says the same, or less, and never anything else.
            for (int cut = 0; cut < Math.Min(payload.Length, 200); cut += 3)
            {
                if (EventSource.Of(read.Number, payload[..cut], payload.Length, life) is { } less && less.Card == source.Card)
                    Assert.Equal(source.Wire, less.Wire);
            }
        }
        Assert.Superset(new HashSet<string> { "%hear", "%wake", "%request", "%belt", "%born" }, cards);
    }

    [Fact]
    public void Bytes_of_any_kind_are_looked_at_in_bounded_memory()
    {
        Random random = new(20261130);
        byte[] bytes = new byte[300];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            EventSource.Of(new EventNumber(9), bytes.AsSpan(0, random.Next(bytes.Length)), i % 2 == 0 ? 300 : long.MaxValue, 5);
        }
        // A wire that never ends is not read to its end.
        Noun wire = Atom.Zero;
        for (int i = 0; i < 100_000; i++)
            wire = new Cell(Atom.Of((ulong)i), wire);
        byte[] jam = Jam.ToBytes(new Cell(Atom.Of(1), new Cell(wire, new Cell(Cord.Of("tag"), Atom.Zero))));
        Assert.Null(EventSource.Of(new EventNumber(9), (byte[])[0, 0, 0, 0, .. jam], jam.Length + 4, 5));
    }
}
