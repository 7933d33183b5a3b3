using Seguro.Balancer;
using Seguro.Testing;

namespace Seguro.Tests.Cli;

public sealed class KeysCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("keys");

    private string Root => _folder["c"];

    private string Ring => Path.Combine(Root, "balancer.keys");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_member_has_a_key_of_its_own_that_is_rotated_and_removed()
    {
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "2")).Ok();
        Assert.Equal([("m1", false), ("m2", false)], Entries());
        Assert.NotEqual(Own("m1"), Own("m2"));
        Assert.Equal(KeyOf("m2"), Own("m2"));
        MemberKey old = Own("m2");

        (await CommandRun.OfAsync("cluster", "keys", "rotate", Root, "m2", "--window", "1h")).Ok();
        Assert.Equal([("m1", false), ("m2", true), ("m2", false)], Entries());
        Assert.Equal(old, KeyFiles.LoadRing(Ring).Current.Entries[1].Key);
        Assert.NotEqual(old, Own("m2"));
        Assert.Equal(KeyOf("m2"), Own("m2"));
        foreach (string file in (string[])[Ring, Path.Combine(Root, "m2", "balancer.key")])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        // All; those whose time is over are left out.
        (await CommandRun.OfAsync("cluster", "keys", "rotate", Root, "--window", "0s")).Ok();
        (await CommandRun.OfAsync("cluster", "add", Root, "m3")).Ok();
        Assert.Equal(["m1", "m2", "m3"], Entries().Where(static entry => !entry.Ends).Select(static entry => entry.Member));
        Assert.Equal(KeyOf("m3"), Own("m3"));

        CommandRun removed = await CommandRun.OfAsync("cluster", "keys", "remove", Root, "m2", "--json");
        Assert.Equal(["m1", "m3"], removed.Ok().Json.GetProperty("members").EnumerateArray().Select(static member => member.GetString()));
        Assert.DoesNotContain("m2", Entries().Select(static entry => entry.Member));
        Assert.Contains("no key of m2", (await CommandRun.OfAsync("cluster", "keys", "remove", Root, "m2")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_one_key_of_an_older_version_gives_way_to_keys_of_each_member()
    {
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "2")).Ok();
        // As it was: one file for all, under another name, and no ring.
        File.Delete(Ring);
        foreach (string name in (string[])["m1", "m2"])
        {
            string configuration = Path.Combine(Root, name, "seguro.json");
            File.WriteAllText(configuration, File.ReadAllText(configuration).Replace("balancer.key", "cluster.key", StringComparison.Ordinal));
            File.Move(Path.Combine(Root, name, "balancer.key"), Path.Combine(Root, name, "cluster.key"));
        }
        (await CommandRun.OfAsync("cluster", "keys", "rotate", Root)).Ok();
        Assert.Equal([("m1", false), ("m2", false)], Entries());
        Assert.Equal(KeyOf("m1"), KeyFiles.LoadKey(Path.Combine(Root, "m1", "cluster.key")).Current);
    }

    [Fact]
    public async Task Says_what_is_wrong()
    {
        (await CommandRun.OfAsync("cluster", "keys", "rotate", _folder["nothing"])).Fails("SG1012", 1, "cluster init");
        (await CommandRun.OfAsync("cluster", "keys", "remove", _folder["nothing"], "m1")).Fails("SG1012", 1, "cluster init");
        (await CommandRun.OfAsync("cluster", "init", Root, "--ship", "~zod", "--members", "2")).Ok();
        (await CommandRun.OfAsync("cluster", "keys", "rotate", Root, "m9")).Fails("SG1012", 1, "m1, m2");
        (await CommandRun.OfAsync("cluster", "keys", "rotate", Root, "--window", "soon")).Fails("SG2003", 2, "90s");
    }

    private (string Member, bool Ends)[] Entries() => [.. KeyFiles.LoadRing(Ring).Current.Entries.Select(static entry => (entry.Member, entry.Until is not null))];

    private MemberKey KeyOf(string member) => KeyFiles.LoadRing(Ring).Current.Entries.Single(entry => entry.Member == member && entry.Until is null).Key;

    private MemberKey Own(string member) => KeyFiles.LoadKey(Path.Combine(Root, member, "balancer.key")).Current;
}
