using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Stores;
using Seguro.Testing;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Members;

/// <summary>A ship that was given back to a plain pier while a member runs: it never stands for mastership again, until the ship is taken.</summary>
public sealed class GivenBackTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("given-back");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_member_computes_it_and_its_own_pier_says_whose_it_is()
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse("sqlite:" + _folder["store.db"]), new StoreOptions { Create = true }, Cancel);
        StoreIdentity identity = await store.ReadIdentityAsync(Cancel);
        Custody given = new(CustodyKind.None) { Seen = new EventNumber(1), At = DateTimeOffset.UtcNow };
        await using EventLog log = new(
            await store.CreateLogAsync(Zod, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Custody] = given.ToBytes() }, Cancel), store.Capabilities);
        await using (WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel))
            Assert.True((await log.AppendAsync(lease.Term, Position.Origin, [new byte[] { 1 }], Cancel)).IsCommitted);
        await using OpaqueShip ship = new(_folder["ship"]);
        List<Role> roles = [];
        await using MemberHost host = await MemberHost.StartAsync(
            new MemberHostOptions
            {
                Member = new MemberOptions { Name = "a", Candidate = "a@1", Members = ["a"], InitialOptimism = new Optimism(0, ReplicaLossPolicy.Wait), LeaseDuration = TimeSpan.FromSeconds(1) },
                Store = log,
                Identity = identity,
                Pier = _folder["pier"],
                Ship = ship,
                Send = static (_, _) => { },
                Release = static (_, _, _, _) => ValueTask.CompletedTask,
                ChangeRole = (role, _) =>
                {
                    lock (roles)
                        roles.Add(role);
                },
            },
            Cancel);
        await Until.TrueAsync(() => host.Status.Warnings.Any(static warning => warning.Contains("given back to a plain pier", StringComparison.Ordinal)), "it did not say why it does not stand");
        await using (WriterLease lease = await WriterLease.AcquireAsync(log, "custody", TimeSpan.FromSeconds(5), TimeProvider.System, Cancel))
        {
            lock (roles)
                Assert.DoesNotContain(Role.Master, roles);
            Custody taken = new(CustodyKind.Gated) { Store = identity };
            Assert.IsType<WriteOutcome.Committed>(await log.Stored.SetMetadataAsync(lease.Term, MetadataKey.Custody, given.ToBytes(), taken.ToBytes(), Cancel));
        }
        await Until.TrueAsync(() => host.Status.Role is Role.Master, "it did not become master when the ship was taken");
        Assert.Equal(identity, CustodyMark.Read(_folder["pier"])!.Store);
    }
}
