using System.Buffers.Binary;
using CsCheck;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Tests.Nock.Ships;

public sealed class NockShipTests : IDisposable
{
    private static readonly Gen<string> Texts = Gen.Frequency(
        (6, Gen.String[Gen.Char['a', 'z'], 0, 40]), (1, Gen.Const("timer, please")), (1, Gen.Const("crash, please")), (1, Gen.Const("\0\0")));

    private readonly ShipFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Boots_by_the_events_of_the_log()
    {
        await using NockShip ship = new(_fixture.Options());
        IReadOnlyList<ReadOnlyMemory<byte>> boot = DemoKernel.BootPayloads();
        Assert.Equal(2, boot.Count);
        Assert.Equal(0u, (await ship.ApplyAsync(new EventNumber(1), boot[0], Cancel)).Mug);
        Assert.Contains("not booted", Assert.IsType<Computation.Refused>(await ship.PokeAsync(ShipFixture.Hear("x"), long.MaxValue, Cancel)).Reason, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Crashed, Assert.Throws<SeguroException>(() => ship.Peek(0, Cancel)).Code);
        Assert.Equal(0u, ship.Mug);
        Applied booted = await ship.ApplyAsync(new EventNumber(2), boot[1], Cancel);
        Assert.NotEqual(0u, ship.Mug);
        Assert.Equal(ship.Mug, booted.Mug);
        Assert.Equal(new EventNumber(2), ship.Number);
    }

    [Fact]
    public async Task A_payload_is_the_mug_and_the_event()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        Ovum ovum = ShipFixture.Hear("hello", 0.5);
        Computation.Accepted made = await ShipFixture.PokeAsync(ship, ovum);
        Assert.Equal(new EventNumber(3), made.Number);
        Assert.Equal(ship.Mug, made.Mug);
        Assert.Equal(made.Mug, BinaryPrimitives.ReadUInt32LittleEndian(made.Payload.Span));
        Noun now = Atom.Of(DateAtom.Stamp(ovum.Now));
        Assert.Equal(new Cell(now, Cue.From(ovum.Bytes.Span)), Cue.From(made.Payload.Span[4..]));
        Effect effect = Assert.Single(made.Effects);
        Assert.Equal((made.Number, 0), (effect.Number, effect.Index));
        Assert.Null(made.Failure);
    }

    /// <summary>What a master makes of ova, a replica makes of the events, whatever the ova; and each may be stopped, restored and go on.</summary>
    [Fact]
    public async Task Master_and_replica_are_equal()
    {
        int run = 0;
        await Gen.Select(Texts, Gen.Double[-5, 5], Gen.Int[0, 9]).Array[1, 60].SampleAsync(
            async steps =>
            {
                string name = $"r{Interlocked.Increment(ref run)}";
                await using NockShip master = await _fixture.DemoAsync(name + "m");
                await using NockShip replica = await _fixture.DemoAsync(name + "r");
                List<(ReadOnlyMemory<byte> Payload, uint Mug)> log = [];
                foreach ((string text, double seconds, int what) in steps)
                {
                    Ovum ovum = ShipFixture.Hear(text, seconds);
                    Computation.Accepted made = await ShipFixture.PokeAsync(master, what == 0 ? ovum with { Bytes = Seguro.Nock.Drivers.BehnDriver.Wake() } : ovum);
                    Assert.Equal(text.StartsWith("crash", StringComparison.Ordinal) && what != 0, made.Failure is not null);
                    log.Add((made.Payload, made.Mug));
                    Applied applied = await replica.ApplyAsync(made.Number, made.Payload, Cancel);
                    Assert.Equal(made.Mug, applied.Mug);
                    Assert.Equal(made.Effects.Select(Show), applied.Effects.Select(Show));
                    if (what != 1)
                        continue;
                    await replica.SnapshotAsync(ShipFixture.PositionOf(replica), Cancel);
                    if (seconds < 0)
                        continue;
                    // Back by some events, and on again along the log.
                    Position back = await replica.RestoreAsync(new EventNumber(replica.Number.Value - (ulong)seconds), Cancel);
                    Assert.Equal(back.Number, replica.Number);
                    if (back.Number == EventNumber.None)
                        await ShipFixture.BootAsync(replica, DemoKernel.BootPayloads());
                    while (replica.Number < master.Number)
                        await replica.ApplyAsync(replica.Number.Next, log[(int)replica.Number.Value - DemoKernel.Life].Payload, Cancel);
                    Assert.Equal(master.Mug, replica.Mug);
                }
                Assert.Equal(master.Core, replica.Core);
            },
            iter: 30,
            threads: 1);
    }

    [Fact]
    public async Task Time_does_not_go_back_whoever_made_the_event_before()
    {
        await using NockShip first = await _fixture.DemoAsync("first");
        await using NockShip second = await _fixture.DemoAsync("second");
        Computation.Accepted made = await ShipFixture.PokeAsync(first, ShipFixture.Hear("one", 100));
        await second.ApplyAsync(made.Number, made.Payload, Cancel);
        await second.SnapshotAsync(ShipFixture.PositionOf(second), Cancel);
        await second.RestoreAsync(made.Number, Cancel);
        // Its clock is behind.
        Assert.Equal(NowOf(made) + (UInt128.One << 48), NowOf(await ShipFixture.PokeAsync(second, ShipFixture.Hear("two", 3))));
        Assert.Equal(NowOf(made) + (UInt128.One << 49), NowOf(await ShipFixture.PokeAsync(second, ShipFixture.Hear("three", 3))));
        Assert.Equal(DateAtom.Stamp(ShipFixture.Now.AddSeconds(200)), NowOf(await ShipFixture.PokeAsync(second, ShipFixture.Hear("four", 200))));
    }

    [Fact]
    public async Task A_crash_is_reported_to_the_kernel_as_an_event()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        Ovum ovum = ShipFixture.Hear("crash, please");
        Computation.Accepted made = await ShipFixture.PokeAsync(ship, ovum);
        Assert.Contains("%exit", made.Failure, StringComparison.Ordinal);
        Assert.Empty(made.Effects);
        Noun crud = Cue.From(made.Payload.Span[4..]);
        Noun now = Atom.Of(DateAtom.Stamp(ovum.Now));
        Assert.Equal(Cell.Of(now, Cell.Of(0, "arvo", 0), "crud", Cell.Of("exit", 0), Cue.From(ovum.Bytes.Span)), crud);
    }

    [Fact]
    public async Task Where_the_report_crashes_too_nothing_happened()
    {
        await using NockShip ship = await _fixture.OfAsync(Crash);
        uint mug = ship.Mug;
        Assert.Contains("so did the report", Assert.IsType<Computation.Refused>(await ship.PokeAsync(ShipFixture.Hear("x"), long.MaxValue, Cancel)).Reason, StringComparison.Ordinal);
        Assert.Equal((new EventNumber(1), mug), (ship.Number, ship.Mug));
    }

    [Theory]
    [InlineData("word")]
    [InlineData("crash, please")]
    public async Task An_event_that_is_too_large_is_refused_and_the_ship_stands_where_it_stood(string text)
    {
        await using NockShip other = await _fixture.DemoAsync("other");
        Computation.Accepted expected = await ShipFixture.PokeAsync(other, ShipFixture.Hear(text));
        await using NockShip ship = await _fixture.DemoAsync();
        uint mug = ship.Mug;
        int size = expected.Payload.Length;
        Assert.Equal(Refusal.Oversize, Assert.IsType<Computation.Refused>(await ship.PokeAsync(ShipFixture.Hear(text), size - 1, Cancel)).Kind);
        Assert.Equal((new EventNumber(2), mug), (ship.Number, ship.Mug));
        Assert.Equal(expected.Payload.ToArray(), Assert.IsType<Computation.Accepted>(await ship.PokeAsync(ShipFixture.Hear(text), size, Cancel)).Payload.ToArray());
    }

    [Theory]
    [InlineData("no state")]
    [InlineData("no list")]
    public async Task A_kernel_that_answers_nonsense_changes_nothing(string kind)
    {
        Formula changed = Edit("arvo", ("count", Next("count")));
        await using NockShip ship = await _fixture.OfAsync(kind == "no state" ? 5 : Tuple(Tuple(1, 2, 3), changed));
        uint mug = ship.Mug;
        Assert.IsType<Computation.Refused>(await ship.PokeAsync(ShipFixture.Hear("x"), long.MaxValue, Cancel));
        byte[] payload = [0, 0, 0, 0, .. Jam.ToBytes(Cell.Of(1, 2, 3, 4))];
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await ship.ApplyAsync(new EventNumber(2), payload, Cancel));
        Assert.Equal(ErrorCode.Crashed, error.Code);
        Assert.Equal((new EventNumber(1), mug), (ship.Number, ship.Mug));
    }

    [Fact]
    public async Task What_runs_for_ever_can_be_interrupted_and_is_bounded()
    {
        await using NockShip ship = await _fixture.OfAsync(If(Same("tag", Text("crud")), Tuple(0, Edit("arvo", ("count", Next("count")))), Loop("ever", Again("ever"))));
        using CancellationTokenSource source = new();
        // Interrupts from within the machine's own thread's work, not by the clock: the bound is off, so it would never end.
        await using NockShip endless = await _fixture.OfAsync(Loop("ever", Again("ever")), maxCalls: 0);
        Task<Computation> running = Task.Run(async () => await endless.PokeAsync(ShipFixture.Hear("x"), long.MaxValue, source.Token), Cancel);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(new EventNumber(1), endless.Number);

        Computation.Accepted made = await ShipFixture.PokeAsync(ship, ShipFixture.Hear("x"));
        Assert.Contains("%fail", made.Failure, StringComparison.Ordinal);
        Assert.Equal(new EventNumber(2), ship.Number);
    }

    [Fact]
    public async Task A_wrong_mug_is_named_and_changes_nothing()
    {
        await using NockShip master = await _fixture.DemoAsync("master");
        await using NockShip replica = await _fixture.DemoAsync("replica");
        Computation.Accepted made = await ShipFixture.PokeAsync(master, ShipFixture.Hear("x"));
        byte[] payload = made.Payload.ToArray();
        payload[0] ^= 1;
        uint before = replica.Mug;
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await replica.ApplyAsync(made.Number, payload, Cancel));
        Assert.Equal(ErrorCode.Nondeterministic, error.Code);
        Assert.Contains($"{made.Mug:x8}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{made.Mug ^ 1:x8}", error.Message, StringComparison.Ordinal);
        Assert.Equal((new EventNumber(2), before), (replica.Number, replica.Mug));
        payload.AsSpan(0, 4).Clear();
        Assert.Equal(made.Mug, (await replica.ApplyAsync(made.Number, payload, Cancel)).Mug);
    }

    [Fact]
    public async Task What_does_not_follow_or_is_no_event_is_refused()
    {
        await using NockShip ship = await _fixture.DemoAsync();
        uint mug = ship.Mug;
        async Task<ErrorCode> Try(ulong number, byte[] payload) =>
            (await Assert.ThrowsAsync<SeguroException>(async () => await ship.ApplyAsync(new EventNumber(number), payload, Cancel))).Code;

        Assert.Equal(ErrorCode.Gap, await Try(2, [0, 0, 0, 0, 2]));
        Assert.Equal(ErrorCode.Gap, await Try(4, [0, 0, 0, 0, 2]));
        Assert.Equal(ErrorCode.Gap, await Try(0, [0, 0, 0, 0, 2]));
        Assert.Equal(ErrorCode.BadEvent, await Try(3, []));
        Assert.Equal(ErrorCode.BadEvent, await Try(3, [0, 0, 0, 0]));
        Assert.Equal(ErrorCode.BadEvent, await Try(3, [0, 0, 0, 0, 1]));
        Assert.Equal(ErrorCode.BadEvent, await Try(3, [0, 0, 0, 0, 2]));
        Assert.Equal(ErrorCode.Crashed, await Try(3, [0, 0, 0, 0, .. Jam.ToBytes(Cell.Of(1, 0, "hear", 5))]));
        Assert.IsType<Computation.Refused>(await ship.PokeAsync(new Ovum(new byte[] { 1 }, ShipFixture.Now), long.MaxValue, Cancel));
        Assert.IsType<Computation.Refused>(await ship.PokeAsync(new Ovum(Jam.ToBytes(Cell.Of(1, 2)), ShipFixture.Now), long.MaxValue, Cancel));
        Assert.Equal((new EventNumber(2), mug), (ship.Number, ship.Mug));
    }

    [Fact]
    public async Task A_boot_that_crashes_leaves_the_formulas_before_it()
    {
        await using NockShip ship = new(_fixture.Options());
        await ship.ApplyAsync(new EventNumber(1), DemoKernel.BootPayloads()[0], Cancel);
        byte[] bad = [0, 0, 0, 0, .. Jam.ToBytes(Cell.Of(0, 0))];
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(async () => await ship.ApplyAsync(new EventNumber(2), bad, Cancel));
        Assert.Equal(ErrorCode.Crashed, error.Code);
        await ship.ApplyAsync(new EventNumber(2), DemoKernel.BootPayloads()[1], Cancel);
        Assert.NotEqual(0u, ship.Mug);
    }

    public void Dispose() => _fixture.Dispose();

    private static UInt128 NowOf(Computation.Accepted made) => ((Atom)Axis.Get(Cue.From(made.Payload.Span[4..]), 2)).TryGet(out UInt128 now) ? now : 0;

    private static string Show(Effect effect) => $"{effect.Number} {effect.Index} {Convert.ToHexString(effect.Bytes.Span)}";
}
