using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

public abstract partial class StoreConformanceSuite
{
    private const int ClientsAtOnce = 4;

    [Fact(Timeout = Bound)]
    public async Task A_store_has_one_identity_whoever_asks_first()
    {
        Func<CancellationToken, ValueTask<IStore>> open = await Harness.MakeAnotherAsync(Cancel);
        List<StoreIdentity> told = [];
        List<IStore> clients = [];
        try
        {
            for (int i = 0; i < ClientsAtOnce; i++)
                clients.Add(await open(Cancel));
            // Twice each: a client's own second question may meet its first.
            told.AddRange(await Task.WhenAll(clients.Concat(clients).Select(client => Task.Run(() => client.ReadIdentityAsync(Cancel).AsTask(), Cancel))));
        }
        finally
        {
            foreach (IStore client in clients)
                await client.DisposeAsync();
        }
        StoreIdentity identity = Assert.Single(told.Distinct());
        Assert.Equal(StoreIdentity.Size, identity.ToArray().Length);
        await using IStore later = await open(Cancel);
        Assert.Equal(identity, await later.ReadIdentityAsync(Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task Two_stores_have_two_identities()
    {
        Func<CancellationToken, ValueTask<IStore>> open = await Harness.MakeAnotherAsync(Cancel);
        await using IStore one = await Harness.OpenAsync(Cancel);
        await using IStore other = await open(Cancel);
        Assert.NotEqual(await one.ReadIdentityAsync(Cancel), await other.ReadIdentityAsync(Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task A_logs_metadata_and_the_list_of_logs_do_not_show_the_identity()
    {
        await using LogSession session = await BeginAsync();
        IReadOnlyList<Ship> before = await session.Store.ListLogsAsync(Cancel);
        await session.Store.ReadIdentityAsync(Cancel);
        Assert.Empty(await session.Stored.ReadMetadataAsync(Cancel));
        Assert.Empty((await session.Store.ListLogsAsync(Cancel)).Except(before).Where(static ship => ship != PierFleet.Keeper));
        await session.AppendAsync(2, Cancel);
        await session.CheckAsync(Cancel);
    }
}
