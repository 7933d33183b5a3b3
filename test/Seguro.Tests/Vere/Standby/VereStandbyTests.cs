using System.Buffers.Binary;
using System.Diagnostics;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Vere.StandIn;
using Seguro.Vere.Running;
using Seguro.Vere.Standby;

namespace Seguro.Tests.Vere.Standby;

/// <summary>A worker that stands by writes the master's events, whatever they are, and says so where it can't.</summary>
public sealed class VereStandbyTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Time = new(2026, 3, 4, 5, 6, 7, 890, 123, TimeSpan.Zero);
    private readonly StandbyBed _bed = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reports_of_crashes_equal_times_times_that_go_back_entropy_text_and_huge_ova_come_out_the_same()
    {
        Random random = new(1);
        byte[] huge = new byte[3 << 20];
        random.NextBytes(huge);
        huge[^1] = 1;
        byte[] entropy = new byte[64];
        random.NextBytes(entropy);
        entropy[^1] = 1;
        Noun[] ova =
        [
            StandInPier.Ovum("one"), StandInPier.Ovum("crash"), StandInPier.Ovum("two"), StandInPier.Ovum("print"),
            Cell.Of(NounList.Path("", "arvo"), "wack", Atom.Of(entropy)),
            Cell.Of(NounList.Path("a", "ames"), "hear", new Cell(1, 0x1234_7f00_0001), Atom.Of(huge)),
            StandInPier.Ovum("three"),
        ];
        DateTimeOffset[] times = [Time, Time, Time.AddHours(-1), Time.AddMicroseconds(1), Time.AddYears(-5), Time.AddYears(100), Time];
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync(ova, times);
        Assert.Equal(ova.Length, made.Count);
        Assert.Contains("crud", Cord.Text((Atom)Axis.Get(Cue.From(made[1].Payload.Span[4..]), 14)), StringComparison.Ordinal);

        VereStandby standby = await _bed.StandByAsync();
        Assert.True(standby.HasKing);
        Assert.True(standby.Memory > 0);
        foreach (PierEvent next in made)
            Assert.Equal(FeedFault.None, await _bed.FeedAsync(next));
        Assert.Equal(made[^1].Number, standby.Number);
        Assert.Equal(made.Select(static one => one.Payload.ToArray()), StandbyBed.Events(_bed.ReplicaPier, made[0].Number).Select(static one => one.Payload.ToArray()));
        Assert.Equal(standby.Number, await standby.SaveAsync(static _ => Task.FromResult(true), Cancel));
        Assert.Null(await standby.SaveAsync(static _ => Task.FromResult(false), Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_takeover_goes_on_with_the_worker_in_true_time(bool keepsKing)
    {
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync([StandInPier.Ovum("one"), StandInPier.Ovum("two")], [Time, Time]);
        VereStandby standby = await _bed.StandByAsync(keepsKing: keepsKing);
        Assert.Equal(keepsKing, standby.HasKing);
        foreach (PierEvent next in made)
            Assert.Equal(FeedFault.None, await _bed.FeedAsync(next));
        int worker = standby.ProcessId;
        HandedShip handed = Assert.IsType<HandedShip>(await standby.HandOverAsync());
        Assert.Null(await standby.HandOverAsync());
        DateTimeOffset start = DateTimeOffset.UtcNow;
        using VereRun run = _bed.Run(handed);
        Task<string> running = run.RunAsync();
        run.Release(new EventNumber(ulong.MaxValue));
        run.Commit(new EventNumber(ulong.MaxValue));
        ulong events = await AskAsync(running);
        Assert.False(Process.GetProcessById(worker).HasExited);
        run.End();
        Assert.Equal("the king ended", await running);
        Assert.NotEmpty(_bed.Made);
        Assert.Equal(made[^1].Number.Next, _bed.Made[0].Number);
        // The ship counts its events, not those that booted it.
        Assert.True(events > (ulong)made.Count);
        UInt128 first = Stamp(_bed.Made[0]);
        Assert.InRange(first, DateAtom.Stamp(start), DateAtom.Stamp(DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task A_worker_that_computes_otherwise_is_found_out()
    {
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync([StandInPier.Ovum("one")], [Time]);
        await _bed.StandByAsync();
        Assert.Equal(FeedFault.Differs, await _bed.FeedAsync(StandbyBed.WithOtherMug(made[0])));
    }

    [Fact]
    public async Task A_vere_that_does_not_heed_the_clock_is_found_out()
    {
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync([StandInPier.Ovum("one")], [Time]);
        await _bed.StandByAsync(_bed.WithOwnTimes());
        Assert.Equal(FeedFault.ClockUnheeded, await _bed.FeedAsync(made[0]));
    }

    [Fact]
    public async Task An_event_with_a_time_that_no_clock_shows_is_not_given_to_the_worker()
    {
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync([StandInPier.Ovum("one")], [Time]);
        VereStandby standby = await _bed.StandByAsync();
        Assert.Equal(FeedFault.NoClock, await _bed.FeedAsync(StandbyBed.WithFinerTime(made[0])));
        Assert.Equal(StandbyBed.End(_bed.ReplicaPier), standby.Number);
    }

    [Fact]
    public async Task A_worker_that_is_late_or_gone_is_given_up()
    {
        IReadOnlyList<PierEvent> made = await _bed.MakeAsync([StandInPier.Ovum("one"), StandInPier.Ovum("two")], [Time, Time]);
        VereStandby standby = await _bed.StandByAsync();
        await Tool.SignalAsync("STOP", [standby.ProcessId]);
        _bed.Patience = TimeSpan.FromMilliseconds(50);
        Assert.Equal(FeedFault.Late, await _bed.FeedAsync(made[0]));
        await standby.EndAsync(isPeaceful: false);
        Assert.True(standby.Ended.IsCompleted);

        await _bed.DisposeOfStandbyAsync();
        VereStandby other = await _bed.StandByAsync();
        await Tool.SignalAsync("KILL", [other.ProcessId]);
        await other.Ended;
        _bed.Patience = TimeSpan.FromSeconds(60);
        Assert.Equal(FeedFault.Gone, await _bed.FeedAsync(made[0]));
        Assert.Null(await other.HandOverAsync());
    }

    [Fact]
    public async Task A_vere_that_does_not_come_up_is_said()
    {
        await _bed.MakeAsync([], []);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => _bed.StandByAsync("/bin/false"));
        Assert.Equal(ErrorCode.StandbyFailed, refused.Code);
        Assert.Contains("exit code 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_does_not_come_up_in_time_is_given_up_and_nothing_of_it_is_left()
    {
        await _bed.MakeAsync([], []);
        (string binary, string worker) = _bed.WithWorkerThatHangs();
        _bed.StartPatience = TimeSpan.FromSeconds(2);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => _bed.StandByAsync(binary));
        Assert.Equal(ErrorCode.StandbyFailed, refused.Code);
        Assert.IsType<TimeoutException>(refused.InnerException);
        // On a busy machine its time is over before the worker was started.
        if (File.Exists(worker) && int.TryParse(await File.ReadAllTextAsync(worker, Cancel), out int id))
            Assert.False(Directory.Exists($"/proc/{id}"), "the worker is there still");
    }

    [Fact]
    public async Task What_keeps_a_run_from_beginning_is_said_and_what_the_pier_has_is_told_all_the_same()
    {
        await _bed.MakeAsync([], []);
        EventNumber end = StandbyBed.End(_bed.ReplicaPier);
        string folder = Path.Combine(Path.GetTempPath(), new string('x', 120)); // too long for a socket
        using VereRun run = new(_bed.Options(null) with { Folder = folder, Head = end.Previous, Committed = end.Previous });
        Assert.Equal(ErrorCode.BadValue, (await Assert.ThrowsAsync<SeguroException>(run.RunAsync)).Code);
        Assert.Equal(end, Assert.Single(_bed.Made).Number);
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    private async Task<ulong> AskAsync(Task running)
    {
        using HttpClient http = new();
        while (true)
        {
            try
            {
                byte[] answer = await http.GetByteArrayAsync(new Uri($"http://127.0.0.1:{_bed.HttpPort}/"), Cancel);
                return BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(8));
            }
            catch (HttpRequestException)
            {
                Assert.False(running.IsCompleted, "the run ended");
                await Task.Delay(10, Cancel);
            }
        }
    }

    private static UInt128 Stamp(PierEvent made)
    {
        UInt128 stamp = 0;
        foreach (byte next in ((Atom)((Cell)Cue.From(made.Payload.Span[4..])).Head).Bytes.ToArray().Reverse())
            stamp = (stamp << 8) | next;
        return stamp;
    }
}
