using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Piers;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>The stand-in's worker of protocol 2, by vere-facts.md §5a "Semantics".</summary>
public sealed class WorkWorkerTests : IDisposable
{
    private readonly StandInPier _pier = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_comes_once_its_event_is_in_the_log_and_answers_come_in_order()
    {
        const int Pokes = 200;
        await _pier.BootAsync();
        await using StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version);
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
        Assert.Equal(Cell.Of(0, 0), ripe.Identity);
        using Pier log = Pier.Open(_pier.Path, PierAccess.Live);
        Assert.Equal(ripe.Number, log.ReadLast());
        for (int i = 0; i < Pokes; i++)
        {
            await worker.SendAsync(StandInPier.Hear($"{i}"), Cancel);
            if (i % 7 == 0)
                await worker.SendAsync(new VereTask.Peek(0, Cell.Of(0, 0), 0), Cancel);
        }
        for (int i = 0; i < Pokes; i++)
        {
            Noun send = Axis.Get(Assert.IsType<VereGift.Poked>(await worker.GiftAsync(Cancel)).Effects, 2);
            // [wire %send lane answer]: the answer begins with how many datagrams came.
            Assert.Equal((ulong)i + 1, BitConverter.ToUInt64(((Atom)Axis.Get(send, 15)).Bytes));
            Assert.True(log.ReadLast().Value >= ripe.Number.Value + (ulong)i + 1);
            if (i % 7 == 0)
                Assert.True(Assert.IsType<VereGift.Peeked>(await worker.GiftAsync(Cancel)).IsDone);
        }
        await worker.SendAsync(VereTask.Sync.Save, Cancel);
        VereGift.Synced synced = Assert.IsType<VereGift.Synced>(await worker.GiftAsync(Cancel));
        Assert.Equal(ripe.Number.Value + Pokes, synced.Number.Value);
        Assert.Equal(synced.Mug, BitConverter.ToUInt32(log.Read(synced.Number, synced.Number).Single().Payload.Span));
        await worker.SendAsync(new VereTask.Exit(VereProtocol.Two, 0), Cancel);
        Assert.Null(await worker.HearAsync(Cancel));
        Assert.Equal(0, (await worker.EndAsync(Cancel)).Code);
    }

    [Fact]
    public async Task A_crash_is_logged_as_a_report_and_one_of_the_report_too_is_no_event()
    {
        await _pier.BootAsync();
        await using StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version);
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
        await worker.SendAsync(StandInPier.Hear("crash"), Cancel);
        Assert.Equal(0, Assert.IsType<VereGift.Poked>(await worker.GiftAsync(Cancel)).Effects);
        await worker.SendAsync(StandInPier.Hear("crush"), Cancel);
        Noun goofs = Assert.IsType<VereGift.PokeFailed>(await worker.GiftAsync(Cancel)).Goofs;
        Assert.Equal(["exit", "exit"], NounList.Items(goofs).Select(static goof => Cord.Text((Atom)((Cell)goof).Head)));
        await worker.SendAsync(StandInPier.Hear("print"), Cancel);
        Assert.IsType<VereGift.Slog>(await worker.GiftAsync(Cancel));
        Assert.IsType<VereGift.Poked>(await worker.GiftAsync(Cancel));

        using Pier log = Pier.Open(_pier.Path, PierAccess.Live);
        PierEvent[] events = [.. log.Read(ripe.Number.Next, log.ReadLast()).Select(static made => new PierEvent(made.Number, made.Payload.ToArray()))];
        Assert.Equal(2, events.Length);
        // [now [%$ %arvo ~] %crud goof ovum]
        Noun crud = Cue.From(events[0].Payload.Span[4..]);
        Assert.Equal("crud", Cord.Text((Atom)Axis.Get(crud, 14)));
        Assert.Equal(NounList.Path("", "arvo"), Axis.Get(crud, 6));
        Assert.Equal(StandInPier.Ovum("crash"), Axis.Get(crud, 31));
    }

    [Fact]
    public async Task A_king_that_is_gone_ends_the_worker_without_a_snapshot()
    {
        await _pier.BootAsync();
        await using StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version);
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
        await worker.SendAsync(StandInPier.Hear("x"), Cancel);
        await worker.GiftAsync(Cancel);
        await Tool.SignalAsync("TERM", [worker.Id]); // which an idle worker does not heed
        worker.Close();
        (int code, string text) = await worker.EndAsync(Cancel);
        Assert.Equal(1, code);
        Assert.Contains("unexpectedly shut down", text, StringComparison.Ordinal);
        using Pier log = Pier.Open(_pier.Path, PierAccess.Offline);
        Assert.Equal(ripe.Number.Next, log.Info.Last);
        Assert.Equal(ripe.Number, Assert.Single(log.Info.Images).Event);
    }

    [Fact]
    public async Task An_event_that_somebody_else_put_into_the_log_makes_the_next_commit_fail()
    {
        await _pier.BootAsync();
        await using StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version);
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
        ForeignEvents.Append(Path.Combine(_pier.Log, "0i0"), [(ripe.Number.Value + 1, new byte[] { 0, 0, 0, 0, 1 })]);
        await worker.SendAsync(StandInPier.Hear("x"), Cancel);
        Assert.Null(await worker.HearAsync(Cancel));
        (int code, string text) = await worker.EndAsync(Cancel);
        Assert.Equal(1, code);
        Assert.Contains($"write failed on event {ripe.Number.Value + 1}", text, StringComparison.Ordinal);
    }

    public void Dispose() => _pier.Dispose();
}
