using Seguro.Core;
using Seguro.Node.Ships;
using Seguro.Nouns;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Node.Ships;

public sealed class ShipRegistryTests
{
    private static readonly Action<RegisteredShip> Fine = static _ => { };
    private static readonly FleetIdentity Owner = new("seguro", ["aa"]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_two_nodes_change_at_once_is_all_there_in_one_order_and_each_ship_has_a_number_of_its_own()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        await using ShipRegistry two = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        string[] ships = [.. Enumerable.Range(0, 6).Select(static number => ShipName.ToShip((UInt128)number).Name)];
        RegisteredShip[] added = await Task.WhenAll(ships.Select((ship, index) => (index % 2 == 0 ? one : two).AddAsync(new RegisteredShip { Ship = ship }, Fine, Cancel)));
        Assert.Equal(Enumerable.Range(0, 6), added.Select(static ship => ship.Number).Order());
        await one.RemoveAsync(ships[2], Cancel);
        await two.ReadAsync(Cancel);
        Assert.Equal(6, (await two.AddAsync(new RegisteredShip { Ship = "~marzod", Kind = "opaque" }, Fine, Cancel)).Number);
        Assert.True(await one.HasMoreAsync(Cancel));
        await one.ReadAsync(Cancel);
        Assert.False(await one.HasMoreAsync(Cancel));
        await using ShipRegistry later = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        Assert.Equal(two.Ships.OrderBy(static pair => pair.Key, StringComparer.Ordinal), later.Ships.OrderBy(static pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(one.Ships.Count, later.Ships.Count);
        Assert.Equal(6, later.Ships.Count);
    }

    [Fact]
    public async Task A_ship_that_comes_back_has_its_own_number_and_no_other_ever_had_it()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        foreach (string ship in (string[])["~zod", "~nec", "~bud"])
            await one.AddAsync(new RegisteredShip { Ship = ship }, Fine, Cancel);
        await one.RemoveAsync("~bud", Cancel); // the highest
        await one.RemoveAsync("~zod", Cancel); // the lowest
        // By a node that was not there meanwhile, too.
        await using ShipRegistry later = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        Assert.Equal(3, (await later.AddAsync(new RegisteredShip { Ship = "~wes" }, Fine, Cancel)).Number);
        Assert.Equal(0, (await later.AddAsync(new RegisteredShip { Ship = "~zod", Kind = "opaque" }, Fine, Cancel)).Number);
        Assert.Equal(2, (await one.AddAsync(new RegisteredShip { Ship = "~bud" }, Fine, Cancel)).Number);
    }

    [Fact]
    public async Task A_list_is_of_one_cluster_whatever_others_are_called()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using (ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel))
            await one.AddAsync(new RegisteredShip { Ship = "~zod" }, Fine, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => ShipRegistry.OpenAsync(store, new FleetIdentity("two", ["bb"]), Cancel));
        Assert.Equal(ErrorCode.OtherNodes, error.Code);
        Assert.Contains("'seguro'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'two'", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<SeguroException>(() => ShipRegistry.OpenAsync(store, new FleetIdentity("seguro", ["bb"]), Cancel));
        Assert.Contains("authority of its own", error.Message, StringComparison.Ordinal);
        // Its own authority may be exchanged for another while both are trusted.
        await using (ShipRegistry later = await ShipRegistry.OpenAsync(store, new FleetIdentity("seguro", ["bb", "aa"]), Cancel))
        {
            Assert.Single(later.Ships);
            await later.AddAsync(new RegisteredShip { Ship = "~nec" }, Fine, Cancel); // notes which one issues now
        }
        error = await Assert.ThrowsAsync<SeguroException>(() => ShipRegistry.OpenAsync(store, Owner, Cancel));
        Assert.Equal(ErrorCode.OtherNodes, error.Code);
    }

    [Fact]
    public async Task A_list_of_before_that_was_noted_is_taken_by_who_changes_it()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await (await store.CreateLogAsync(ShipRegistry.Name, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel)).DisposeAsync();
        await using (ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel))
            await one.AddAsync(new RegisteredShip { Ship = "~zod" }, Fine, Cancel);
        await Assert.ThrowsAsync<SeguroException>(() => ShipRegistry.OpenAsync(store, new FleetIdentity("two", ["bb"]), Cancel));
        await using ShipRegistry later = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        Assert.Single(later.Ships);
    }

    [Fact]
    public void All_but_its_name_may_be_left_out() =>
        Assert.Equal(new RegisteredShip { Ship = "~zod" }, System.Text.Json.JsonSerializer.Deserialize("""{"ship":"~zod"}""", RegistryJson.Default.RegisteredShip));

    [Fact]
    public async Task A_ship_that_comes_back_is_what_it_was()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using (ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel))
        {
            await one.AddAsync(new RegisteredShip { Ship = "~zod", Kernel = "demo" }, Fine, Cancel);
            await one.RemoveAsync("~zod", Cancel);
            // It never began: it may have been a mistake.
            Assert.Equal("opaque", (await one.AddAsync(new RegisteredShip { Ship = "~zod", Kind = "opaque" }, Fine, Cancel)).Kind);
            await one.RemoveAsync("~zod", Cancel);
            await one.AddAsync(new RegisteredShip { Ship = "~zod", Kernel = "demo" }, Fine, Cancel);
            await one.RemoveAsync("~zod", Cancel);
        }
        await using (IStoredLog log = await store.CreateLogAsync(Ship.Parse("~zod"), Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel))
            Assert.Equal("~zod", log.Ship.Name);
        await using ShipRegistry later = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => later.AddAsync(new RegisteredShip { Ship = "~zod", Kind = "opaque" }, Fine, Cancel));
        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Contains("--kind nock", error.NextStep, StringComparison.Ordinal);
        Assert.Equal("demo", (await later.AddAsync(new RegisteredShip { Ship = "~zod" }, Fine, Cancel)).Kernel);
        Assert.Equal("demo", (await later.AddAsync(new RegisteredShip { Ship = "~zod" }, Fine, Cancel)).Kernel); // repeating it is no error
    }

    [Fact]
    public async Task What_is_refused_for_its_number_is_not_on_the_list()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using ShipRegistry one = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        await one.AddAsync(new RegisteredShip { Ship = "~zod" }, Fine, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => one.AddAsync(
            new RegisteredShip { Ship = "~nec" }, static ship => throw new SeguroException(ErrorCode.BadValue, $"number {ship.Number}", "None."), Cancel));
        Assert.Equal("number 1", error.Message);
        await using ShipRegistry later = await ShipRegistry.OpenAsync(store, Owner, Cancel);
        Assert.Equal("~zod", Assert.Single(later.Ships).Key);
    }

    [Fact]
    public async Task A_change_that_this_version_does_not_know_is_refused_and_not_passed_over()
    {
        using TemporaryFolder folder = new();
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{folder["log.db"]}"), new StoreOptions { Create = true }, Cancel);
        await using (EventLog log = new(await store.CreateLogAsync(ShipRegistry.Name, Position.Origin, new Dictionary<string, ReadOnlyMemory<byte>>(), Cancel), store.Capabilities))
        await using (WriterLease lease = await WriterLease.AcquireAsync(log, "test", TimeSpan.FromSeconds(3), BootClock.Instance, Cancel))
            Assert.True((await log.AppendAsync(lease.Term, Position.Origin, ["""{"move":"~zod"}"""u8.ToArray()], Cancel)).IsCommitted);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => ShipRegistry.OpenAsync(store, Owner, Cancel));
        Assert.Equal(ErrorCode.NewerSchema, error.Code);
    }

    [Fact]
    public void The_name_of_the_list_is_no_ships() => Assert.False(ShipName.TryParse(ShipRegistry.Name.Name, out _));
}
