using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Node.Links;
using Seguro.Tests.Piers.LocalLogs;

namespace Seguro.Tests.Node.Members;

/// <summary>What other members send while this one's loop does not come to it: bounded by bytes, so that a few large pushes do not fill the memory.</summary>
public sealed class MailboxTests : IDisposable
{
    private const string Reason = "mailbox full of messages";
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("mailbox");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Pushes_beyond_the_bytes_that_may_wait_are_dropped_and_counted()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        await using EventLog log = new(await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities);
        await using OpaqueShip ship = new(_folder["ship"]);
        using ManualResetEventSlim held = new();
        using ManualResetEventSlim goesOn = new();
        List<Event> events = EventChain.After(Position.Origin, 30);
        MemberMessage push = new MemberMessage.Push(
            Lease.None, Position.Origin, events, Position.Origin, EventNumber.None, default);
        int size = events.Sum(static pushed => pushed.Payload.Length);
        await using MemberHost host = await MemberHost.StartAsync(
            new MemberHostOptions
            {
                Member = new MemberOptions { Name = "a", Candidate = "a@1", Members = ["a"], InitialOptimism = new Optimism(0, ReplicaLossPolicy.Wait), LeaseDuration = TimeSpan.FromMinutes(1) },
                Store = log,
                Pier = _folder["pier"],
                Ship = ship,
                MaxReceivedBytes = (2 * size) - 1,
                Send = static (_, _) => { },
                Release = static (_, _, _, _) => ValueTask.CompletedTask,
                ChangeRole = (role, _) =>
                {
                    if (role is not Role.Master)
                        return;
                    held.Set();
                    goesOn.Wait(Cancel);
                },
            },
            Cancel);
        try
        {
            held.Wait(Cancel);
            host.Receive("b", push); // alone it may be as large as it is
            Assert.False(host.Drops.ContainsKey(Reason));
            host.Receive("b", push);
            host.Receive("b", push);
            Assert.Equal(2, host.Drops[Reason]);
        }
        finally
        {
            goesOn.Set();
        }
        // What was taken from the mailbox makes room.
        await Until.TrueAsync(
            () =>
            {
                long dropped = host.Drops[Reason];
                host.Receive("b", push);
                return host.Drops[Reason] == dropped;
            },
            "it took none any more");
    }

}
