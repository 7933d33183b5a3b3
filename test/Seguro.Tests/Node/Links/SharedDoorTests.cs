using Seguro.Core;
using Seguro.Node.Links;
using Seguro.Testing;

namespace Seguro.Tests.Node.Links;

/// <summary>The links of several ships through one door.</summary>
public sealed class SharedDoorTests
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private static readonly Ship Nec = Ship.Parse("~nec");

    [Fact]
    public async Task Each_ship_hears_its_own_and_one_that_takes_nothing_in_holds_up_no_other()
    {
        using TemporaryFolder folder = new();
        // Who carries the doors: their options are as any member's.
        await using LinkedMember atA = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        await using LinkedMember atB = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        await using LinkDoor doorA = await OpenAsync(atA);
        await using LinkDoor doorB = await OpenAsync(atB);
        HostAddress placeA = doorA.Address;
        HostAddress placeB = doorB.Address;
        LinkOptions At(LinkOptions options, LinkDoor door, Ship ship) => options with { Door = door, Address = door.Address, Ship = ship, MaxQueuedBytes = 1L << 30 };
        await using LinkedMember zodA = await LinkedMember.StartAsync(folder, "a", placeA.Port, options => At(options, doorA, Zod));
        await using LinkedMember necA = await LinkedMember.StartAsync(folder, "a", placeA.Port, options => At(options, doorA, Nec));
        await using LinkedMember zodB = await LinkedMember.StartAsync(folder, "b", placeB.Port, options => At(options, doorB, Zod));
        foreach (LinkedMember member in (LinkedMember[])[zodA, necA, zodB])
            member.Links.SetPeers(new Dictionary<string, HostAddress> { ["a"] = placeA, ["b"] = placeB });
        await zodA.UntilLinkedAsync("b");
        await zodB.UntilLinkedAsync("a");
        // The other node holds no ~nec yet: the connection is there, the link is not, and why is said.
        await Until.TrueAsync(() => necA.Links.Problems.Any(static problem => problem.Contains("no member of ~nec", StringComparison.Ordinal)), "why there is no link is not said");
        await using LinkedMember necB = await LinkedMember.StartAsync(folder, "b", placeB.Port, options => At(options, doorB, Nec));
        necB.Links.SetPeers(new Dictionary<string, HostAddress> { ["a"] = placeA });
        await necA.UntilLinkedAsync("b");
        await necB.UntilLinkedAsync("a");
        Assert.Equal(1, doorA.Connections.MadeForStreams);

        zodB.Gate.Reset(); // from now on it takes nothing in
        byte[] large = new byte[6 << 20];
        using ChainHasher hasher = new();
        Event push = new(new EventNumber(1), large, hasher.Next(Position.Origin.Chain, new EventNumber(1), large));
        for (int sent = 0; sent < 8; sent++)
        {
            zodA.Links.Send("b", new MemberMessage.Push(
                new Lease(new Term(3), "a@1", 9, TimeSpan.FromSeconds(1)), Position.Origin, [push], Position.Origin, EventNumber.None,
                new ClusterSettings(Optimism.Default, ["a", "b"], EventNumber.None)));
        }
        for (int asked = 1; asked <= 50; asked++)
        {
            necA.Links.Send("b", Ack(asked));
            (string from, MemberMessage message) = await necB.NextAsync();
            Assert.Equal("a", from);
            Assert.Equal((ulong)asked, Assert.IsType<MemberMessage.Ack>(message).Term.Value);
            necB.Links.Send("a", Ack(asked));
            Assert.Equal((ulong)asked, Assert.IsType<MemberMessage.Ack>((await necA.NextAsync()).Message).Term.Value);
        }
        zodB.Gate.Set();
        for (int got = 0; got < 8; got++)
            Assert.IsType<MemberMessage.Push>((await zodB.NextAsync()).Message);
    }

    private static MemberMessage.Ack Ack(int number) => new(new Term((ulong)number), Position.Origin, Position.Origin, Position.Origin, Gap: false, null);

    private static async Task<LinkDoor> OpenAsync(LinkedMember member)
    {
        LinkDoor door = new(member.Options with { Address = new HostAddress("127.0.0.1", FreePort.Next()), MostShips = 100 });
        await door.StartAsync(TestContext.Current.CancellationToken);
        return door;
    }
}
