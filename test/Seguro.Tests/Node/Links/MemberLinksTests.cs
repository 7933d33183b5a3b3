using System.Collections.Concurrent;
using System.Text;
using Seguro.Core;
using Seguro.Node.Links;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Node.Links;

public sealed class MemberLinksTests
{
    private static readonly ClusterSettings Settings = new(new Optimism(2, ReplicaLossPolicy.Degrade), ["a", "b"], new EventNumber(7)) { Pause = "upgrade" };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_arrive_whole_and_in_order_both_ways()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        await b.UntilLinkedAsync("a");

        Event[] events = Events(Position.Origin, 300);
        Position previous = Position.Origin;
        for (int index = 0; index < events.Length; index += 3)
        {
            a.Links.Send("b", Push(previous, events[index..(index + 3)]));
            previous = new Position(events[index + 2].Number, events[index + 2].Chain);
            b.Links.Send("a", new MemberMessage.Ack(new Term((ulong)index), previous, previous, Position.Origin, Gap: index == 3, index == 0 ? "why" : null));
        }
        for (int index = 0; index < events.Length; index += 3)
        {
            (string from, MemberMessage message) = await b.NextAsync();
            Assert.Equal("a", from);
            MemberMessage.Push push = Assert.IsType<MemberMessage.Push>(message);
            Assert.Equal(events[index..(index + 3)].Select(static sent => (sent.Number, sent.Chain)), push.Events.Select(static got => (got.Number, got.Chain)));
            Assert.Equal(events[index + 1].Payload.ToArray(), push.Events[1].Payload.ToArray());
            Assert.Equal(new Lease(new Term(3), "a@1", 9, TimeSpan.FromSeconds(1)), push.Lease);
            Assert.Equal(Settings.Optimism, push.Settings.Optimism);
            Assert.Equal(Settings.Members, push.Settings.Members);
            Assert.Equal("upgrade", push.Settings.Pause);
            (_, message) = await a.NextAsync();
            MemberMessage.Ack ack = Assert.IsType<MemberMessage.Ack>(message);
            Assert.Equal((ulong)index, ack.Term.Value);
            Assert.Equal(index == 3, ack.Gap);
            Assert.Equal(index == 0 ? "why" : null, ack.Stopped);
        }
    }

    [Fact]
    public async Task Members_of_different_stores_have_no_link_and_both_know_why()
    {
        using TemporaryFolder folder = new();
        ConcurrentQueue<(string Member, string From, bool IsShared)> told = new();
        StoreIdentity one = new([1, .. new byte[15]]);
        StoreIdentity other = new([2, .. new byte[15]]);
        bool isMended = false;
        LinkOptions With(LinkOptions options) => options with
        {
            Store = () => options.Name == "a" || Volatile.Read(ref isMended) ? one : other,
            ReadLocal = (_, _, _) => ValueTask.FromResult<IReadOnlyList<Event>>(Events(Position.Origin, 2)),
            StoreCompared = (from, isShared) => told.Enqueue((options.Name, from, isShared)),
        };
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), With);
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), With);
        Introduce(a, b);
        await Until.TrueAsync(() => told.Contains(("a", "b", false)) && told.Contains(("b", "a", false)), "nobody was told");
        Assert.Empty(a.Links.Linked);
        Assert.Empty(b.Links.Linked);
        Assert.Empty(await a.Links.ReadAsync(Position.Origin, new EventNumber(2), null, Cancel));
        Assert.Empty(await b.Links.ReadAsync(Position.Origin, new EventNumber(2), null, Cancel));
        Volatile.Write(ref isMended, true);
        await a.UntilLinkedAsync("b");
        await b.UntilLinkedAsync("a");
        Assert.Contains(("a", "b", true), told);
        Assert.Contains(("b", "a", true), told);
        Assert.Equal(2, (await a.Links.ReadAsync(Position.Origin, new EventNumber(2), null, Cancel)).Count);
    }

    [Theory]
    [InlineData("a", 2, 3)] // who makes the link is newer
    [InlineData("b", 2, 3)]
    [InlineData("b", 0, 0)]
    public async Task Members_that_speak_no_common_protocol_have_no_link_and_both_say_which_to_update(string strange, int lowest, int highest)
    {
        using TemporaryFolder folder = new();
        MemberVersion common = new(1, 1, "1.2.3");
        MemberVersion version = new(lowest, highest, "9.9.9-next");
        LinkOptions With(LinkOptions options) => options with { Version = options.Name == strange ? version : common };
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), With);
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), With);
        Introduce(a, b);
        string older = lowest > common.Highest ? (strange == "a" ? "b" : "a") : strange;
        foreach (LinkedMember member in (LinkedMember[])[a, b])
            await Until.TrueAsync(() => member.Links.Problems.Any(problem => problem.Contains($"Install the newer Seguro on {older}", StringComparison.Ordinal)), $"{member.Options.Name} does not say why");
        Assert.Empty(a.Links.Linked);
        Assert.Empty(b.Links.Linked);
        Assert.Equal(a.Options.Version.Software, b.Links.Versions["a"]);
        Assert.Equal(b.Options.Version.Software, a.Links.Versions["b"]);
    }

    [Fact]
    public async Task Members_of_different_versions_with_a_common_protocol_are_linked_and_know_of_each_other()
    {
        using TemporaryFolder folder = new();
        LinkOptions With(LinkOptions options) => options with { Version = options.Name == "a" ? new MemberVersion(1, 1, "1.0.0") : new MemberVersion(1, 2, "1.1.0"), Runtime = options.Name == "a" ? "4.6" : null };
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), With);
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), With);
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        await b.UntilLinkedAsync("a");
        Assert.Equal("1.1.0", a.Links.Versions["b"]);
        Assert.Equal("1.0.0", b.Links.Versions["a"]);
        Assert.Equal("4.6", b.Links.RuntimeOf("a"));
        Assert.Null(a.Links.RuntimeOf("b"));
        Assert.Null(a.Links.RuntimeOf("nobody"));
    }

    [Theory]
    [InlineData("a")] // who makes the link
    [InlineData("b")] // who is called
    public async Task A_fault_while_hearing_is_not_silent(string faulty)
    {
        using TemporaryFolder folder = new();
        LinkOptions Break(LinkOptions options) => options.Name == faulty
            ? options with { Received = static (_, _) => throw new InvalidOperationException("a mistake in the member") }
            : options;
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), Break);
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), Break);
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        await b.UntilLinkedAsync("a");
        (LinkedMember sound, LinkedMember broken) = faulty == "a" ? (b, a) : (a, b);
        sound.Links.Send(faulty, Push(Position.Origin, Events(Position.Origin, 1)));
        SeguroException fault = await Assert.ThrowsAsync<SeguroException>(() => broken.Links.Completion.WaitAsync(Cancel));
        Assert.Contains("the link with", fault.Message, StringComparison.Ordinal);
        Assert.Contains("a mistake in the member", fault.Message, StringComparison.Ordinal);
        Assert.False(sound.Links.Completion.IsCompleted);
    }

    [Fact]
    public async Task A_member_that_comes_back_is_linked_again()
    {
        using TemporaryFolder folder = new();
        int port = FreePort.Next();
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        for (int life = 0; life < 3; life++)
        {
            await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", port);
            Introduce(a, b);
            await a.UntilLinkedAsync("b");
            await b.UntilLinkedAsync("a");
            a.Links.Send("b", Ack(life));
            Assert.Equal((ulong)life, Assert.IsType<MemberMessage.Ack>((await b.NextAsync()).Message).Term.Value);
        }
        await Until.TrueAsync(() => b.Links.Linked.Count == 0, "the link of a member that ended stays");
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public async Task A_member_that_the_other_does_not_know_introduces_itself(string known, string unknown)
    {
        using TemporaryFolder folder = new();
        await using LinkedMember old = await LinkedMember.StartAsync(folder, known, FreePort.Next());
        await using LinkedMember joining = await LinkedMember.StartAsync(folder, unknown, FreePort.Next());
        joining.Links.SetPeers(new Dictionary<string, HostAddress> { [known] = old.Options.Address });
        await old.UntilLinkedAsync(unknown);
        await joining.UntilLinkedAsync(known);
    }

    [Fact]
    public async Task Certificates_of_another_authority_of_clients_and_of_other_members_make_no_link()
    {
        using TemporaryFolder folder = new();
        int port = FreePort.Next();
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        await using (LinkedMember stranger = await LinkedMember.StartAsync(folder, "a", port, authority: "other"))
        {
            stranger.Links.SetPeers(new Dictionary<string, HostAddress> { ["b"] = b.Options.Address });
            await Assert.ThrowsAsync<SeguroException>(() => stranger.Links.CommandAsync("b", "/", default, TimeSpan.FromSeconds(5), Cancel));
        }
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => LinkedMember.StartAsync(folder, "client", port, isClient: true));
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);

        // c stands where a is expected.
        await using LinkedMember c = await LinkedMember.StartAsync(folder, "c", port);
        b.Links.SetPeers(new Dictionary<string, HostAddress> { ["a"] = c.Options.Address });
        refused = await Assert.ThrowsAsync<SeguroException>(() => b.Links.CommandAsync("a", "/", default, TimeSpan.FromSeconds(5), Cancel));
        Assert.Equal(ErrorCode.StoreUnavailable, refused.Code);
        Assert.Empty(b.Links.Linked);
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_breaks_its_link_only_and_gets_a_new_one()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), static options => options with { MaxQueuedBytes = 4 << 20 });
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        b.Gate.Reset();
        Event[] large = Events(Position.Origin, 1, size: 1 << 20);
        await Until.TrueAsync(
            () =>
            {
                a.Links.Send("b", Push(Position.Origin, large));
                lock (a.Notices)
                    return a.Notices.Any(static notice => notice.Contains("queue", StringComparison.Ordinal));
            },
            "the queue never filled");
        b.Gate.Set();
        await a.UntilLinkedAsync("b");
        await Until.TrueAsync(
            () =>
            {
                a.Links.Send("b", Ack(42));
                return b.Came(static message => message is MemberMessage.Ack { Term.Value: 42 });
            },
            "nothing comes by the new link");
    }

    [Fact]
    public async Task A_push_is_cut_before_the_event_that_is_too_large_for_it()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next(), static options => options with { LargestPush = 1000 });
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next());
        Introduce(a, b);
        await a.UntilLinkedAsync("b");
        a.Links.Send("b", Push(Position.Origin, Events(Position.Origin, 3, size: 400)));
        a.Links.Send("b", Push(Position.Origin, Events(Position.Origin, 1, size: 1001)));
        Assert.Equal(2, Assert.IsType<MemberMessage.Push>((await b.NextAsync()).Message).Events.Count);
        Assert.Empty(Assert.IsType<MemberMessage.Push>((await b.NextAsync()).Message).Events);
    }

    [Fact]
    public async Task Events_are_read_from_the_peer_that_has_them()
    {
        using TemporaryFolder folder = new();
        Event[] log = [.. Events(Position.Origin, 5), .. Events(Events(Position.Origin, 5)[^1], 1, 3 << 20), .. Events(Events(Events(Position.Origin, 5)[^1], 1, 3 << 20)[^1], 4, 600_000)];
        Task<LinkedMember> Start(string name, Event[] events) => LinkedMember.StartAsync(folder, name, FreePort.Next(), options => options with
        {
            ReadLocal = (after, last, _) => ValueTask.FromResult<IReadOnlyList<Event>>([.. events.SkipWhile(read => read.Number <= after.Number).TakeWhile(read => read.Number <= last)]),
        });
        await using LinkedMember a = await Start("a", []);
        await using LinkedMember b = await Start("b", []);
        await using LinkedMember c = await Start("c", log);
        Introduce(a, b, c);
        for (int count = 1; count <= log.Length; count++)
        {
            IReadOnlyList<Event> read = await a.Links.ReadAsync(Position.Origin, new EventNumber((ulong)count), null, Cancel);
            Assert.Equal(log[..count].Select(static one => (one.Number, one.Chain)), read.Select(static one => (one.Number, one.Chain)));
            Assert.All(read.Zip(log), static pair => Assert.True(pair.First.Payload.Span.SequenceEqual(pair.Second.Payload.Span)));
        }
        Assert.Empty(await b.Links.ReadAsync(new Position(log[^1].Number, log[^1].Chain), new EventNumber(99), null, Cancel));
    }

    [Fact]
    public async Task Events_that_are_not_those_of_their_chain_are_not_taken()
    {
        using TemporaryFolder folder = new();
        Event[] log = Events(Position.Origin, 5);
        log[2] = log[2] with { Payload = "flipped"u8.ToArray() };
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), options => options with { ReadLocal = (_, _, _) => ValueTask.FromResult<IReadOnlyList<Event>>(log) });
        Introduce(a, b);
        Assert.Empty(await a.Links.ReadAsync(Position.Origin, new EventNumber(5), null, Cancel));
        Assert.Contains(a.Notices, static notice => notice.Contains("not those of its chain", StringComparison.Ordinal));

        await a.UntilLinkedAsync("b");
        b.Links.Send("a", Push(Position.Origin, log));
        await Until.TrueAsync(
            () =>
            {
                lock (a.Notices)
                    return a.Notices.Any(static notice => notice.StartsWith("The link with b broke", StringComparison.Ordinal));
            },
            "a push that is not of its chain was taken");
    }

    [Fact]
    public async Task A_request_is_handed_on_with_the_name_of_who_asks()
    {
        using TemporaryFolder folder = new();
        await using LinkedMember a = await LinkedMember.StartAsync(folder, "a", FreePort.Next());
        await using LinkedMember b = await LinkedMember.StartAsync(folder, "b", FreePort.Next(), static options => options with
        {
            Command = static (command, _) => Task.FromResult(new LinkReply(202, Encoding.UTF8.GetBytes($"{command.From} {command.Path} {Encoding.UTF8.GetString(command.Body.Span)}"))),
        });
        Introduce(a, b);
        LinkReply reply = await a.Links.CommandAsync("b", "/stepdown", "{}"u8.ToArray(), TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(202, reply.Status);
        Assert.Equal("a /stepdown {}", Encoding.UTF8.GetString(reply.Body.Span));
    }

    private static void Introduce(params LinkedMember[] members)
    {
        Dictionary<string, HostAddress> addresses = members.ToDictionary(static member => member.Options.Name, static member => member.Options.Address);
        foreach (LinkedMember member in members)
            member.Links.SetPeers(addresses);
    }

    private static MemberMessage.Ack Ack(int term) => new(new Term((ulong)term), Position.Origin, Position.Origin, Position.Origin);

    private static MemberMessage.Push Push(Position previous, Event[] events) =>
        new(new Lease(new Term(3), "a@1", 9, TimeSpan.FromSeconds(1)), previous, events, previous, previous.Number, Settings);

    private static Event[] Events(Event after, int count, int size) => Events(new Position(after.Number, after.Chain), count, size);

    private static Event[] Events(Position after, int count, int size = 20)
    {
        using ChainHasher hasher = new();
        Event[] events = new Event[count];
        for (int index = 0; index < count; index++)
        {
            EventNumber number = after.Number.Next;
            byte[] payload = new byte[size];
            new Random((int)number.Value).NextBytes(payload);
            after = new Position(number, hasher.Next(after.Chain, number, payload));
            events[index] = new Event(number, payload, after.Chain);
        }
        return events;
    }
}
