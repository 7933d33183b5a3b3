using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>The stand-in's utilities refuse what vere's refuse (vere-facts.md §1.3, §1.5, §13).</summary>
public sealed class UtilityTests : IDisposable
{
    private readonly StandInPier _pier = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Play_computes_what_is_missing_and_stops_where_a_mug_is_another_or_an_event_is_gone()
    {
        ulong head = await LiveAndKillAsync();
        string epoch = Path.Combine(_pier.Log, "0i0");
        (byte[] Good, ulong Number) saved = (Read(epoch, head - 1), head - 1);
        Change(epoch, events => events.Put(head - 1, [1, 2, 3, 4, .. saved.Good[4..]]));
        (int code, string text) = await _pier.UtilityAsync("play");
        Assert.Equal(1, code);
        Assert.Contains($"play ({head - 1}): mug mismatch expected 4030201", text, StringComparison.Ordinal);
        Assert.Equal(head - 2, Snapshot());

        Change(epoch, events => events.Delete(head - 1));
        (code, text) = await _pier.UtilityAsync("play");
        Assert.Equal(1, code);
        Assert.Contains($"({head - 1}): read fail", text, StringComparison.Ordinal);

        Change(epoch, events => events.Put(head - 1, saved.Good));
        Assert.Equal(0, (await _pier.UtilityAsync("play")).Code);
        Assert.Equal(head, Snapshot());
        Assert.True(Directory.Exists(Path.Combine(_pier.Log, $"0i{head}")));
    }

    [Fact]
    public async Task A_snapshot_of_another_time_is_refused_and_play_full_mends_it()
    {
        ulong head = await LiveAndKillAsync();
        Assert.Equal(0, (await _pier.UtilityAsync("play", "--yolo")).Code);
        Change(Path.Combine(_pier.Log, "0i0"), events => events.Delete(head));
        (int code, string text) = await _pier.UtilityAsync("play");
        Assert.Equal(1, code);
        Assert.Contains($"snapshot ({head}) from future (log={head - 1})", text, StringComparison.Ordinal);
        await using (StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version))
            Assert.Equal(1, (await worker.EndAsync(Cancel)).Code);
        Assert.Equal(0, (await _pier.UtilityAsync("play", "-f")).Code);
        Assert.Equal(head - 1, Snapshot());

        File.Delete(Path.Combine(_pier.Path, ".urb/chk/image.bin"));
        (code, text) = await _pier.UtilityAsync("play");
        Assert.Equal(1, code);
        Assert.Contains($"snapshot (0) out of epoch ({head - 1})", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roll_wants_a_snapshot_of_the_end_and_chop_leaves_two_epochs()
    {
        await LiveAndKillAsync();
        Assert.Equal(1, (await _pier.UtilityAsync("roll")).Code);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            await LiveAndKillAsync();
            Assert.Equal(0, (await _pier.UtilityAsync("play")).Code);
            Assert.Equal(0, (await _pier.UtilityAsync("roll")).Code);
        }
        Assert.True(Directory.EnumerateDirectories(_pier.Log, "0i*").Count() > 2);
        Assert.Equal(0, (await _pier.UtilityAsync("chop")).Code);
        Assert.Equal(2, Directory.EnumerateDirectories(_pier.Log, "0i*").Count());
        await using StandInVere king = await _pier.LiveAsync();
        await _pier.AskAsync("still here");
    }

    [Fact]
    public async Task Another_runtime_wants_the_old_ones_snapshot_of_the_end_and_begins_an_epoch()
    {
        ulong head = await LiveAndKillAsync();
        (string, string) newer = ("STANDIN_VERE_VERSION", "4.7");
        (int code, string text) = await StandInVere.RunAsync(["play", _pier.Path], Cancel, newer);
        Assert.Equal(1, code);
        Assert.Contains($"need {head}", text, StringComparison.Ordinal);
        Assert.Equal(0, (await _pier.UtilityAsync("play", "-y")).Code);
        Assert.Equal(0, (await StandInVere.RunAsync(["play", _pier.Path], Cancel, newer)).Code);
        Assert.Equal("4.7", await File.ReadAllTextAsync(Path.Combine(_pier.Log, $"0i{head}/vere.txt"), Cancel));
    }

    [Fact]
    public async Task A_pier_of_vere_3_moves_to_4_with_a_snapshot_of_its_end_and_not_without()
    {
        using StandInPier old = new("3.5");
        await old.BootAsync();
        await using (StandInVere king = old.StartKing([]))
        {
            await king.SaysAsync(StandInPier.Live, Cancel);
            await old.AskAsync("something");
            await king.SignalAsync("KILL");
            await king.EndAsync(Cancel);
            await old.FreeAsync();
        }
        (int code, string text) = await StandInVere.RunAsync(["play", old.Path], Cancel, _pier.Version);
        Assert.Equal(1, code);
        Assert.Contains("out of date", text, StringComparison.Ordinal);
        Assert.Equal(0, (await old.UtilityAsync("play", "-y")).Code);
        Assert.Equal(0, (await StandInVere.RunAsync(["play", old.Path], Cancel, _pier.Version)).Code);
        using Pier moved = Pier.Open(old.Path, PierAccess.Offline);
        Assert.Equal(PierLayout.EpochsV4, moved.Info.Layout);
        Assert.Equal(moved.Info.Last, LoomImage.ReadFolder(old.Path, ".urb/chk").Single().Event);
        // And 3.5 does not go back.
        (code, text) = await old.UtilityAsync("play");
        Assert.Equal(1, code);
        Assert.Contains("unknown epoch version: '2', expected '1'", text, StringComparison.Ordinal);
    }

    public void Dispose() => _pier.Dispose();

    /// <summary>A ship that was killed with events that its snapshot lacks; its last event.</summary>
    private async Task<ulong> LiveAndKillAsync()
    {
        if (!Directory.Exists(_pier.Path))
            await _pier.BootAsync();
        await using (StandInVere king = _pier.StartKing([]))
        {
            await king.SaysAsync(StandInPier.Live, Cancel);
            await _pier.AskAsync("something");
            int worker = _pier.LockedBy();
            await Tool.SignalAsync("KILL", [king.Id, worker]);
            await king.EndAsync(Cancel);
            await _pier.FreeAsync();
        }
        using Pier pier = Pier.Open(_pier.Path, PierAccess.Offline);
        return pier.Info.Last.Value;
    }

    private ulong Snapshot() => LoomImage.ReadFolder(_pier.Path, ".urb/chk").Single().Event.Value;

    private static byte[] Read(string epoch, ulong number)
    {
        byte[] payload = [];
        Change(epoch, events => payload = events.Get(number)!);
        return payload;
    }

    private static void Change(string epoch, Action<Events> change)
    {
        using LmdbEnvironment environment = LmdbEnvironment.Open(epoch, isAside: false);
        using LmdbTransaction transaction = environment.Begin();
        change(new Events(transaction, transaction.Table(PierMeta.Events, integerKeys: true)));
        transaction.Commit();
    }

    private readonly record struct Events(LmdbTransaction Transaction, uint Table)
    {
        public byte[]? Get(ulong number) => Transaction.Get(Table, number);

        public void Put(ulong number, byte[] payload) => Transaction.Put(Table, number, payload);

        public void Delete(ulong number) => Transaction.Delete(Table, number);
    }
}
