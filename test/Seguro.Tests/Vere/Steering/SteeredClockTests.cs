using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Vere.StandIn;
using Seguro.Vere.Protocol;
using Seguro.Vere.Steering;

namespace Seguro.Tests.Vere.Steering;

/// <summary>The clock of a process that is not changed: what it stamps its events with is what it was told, until it has true time again.</summary>
public sealed class SteeredClockTests : IDisposable
{
    private readonly StandInPier _pier = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_stamps_its_events_with_the_time_that_it_is_given_and_with_true_time_once_it_has_it_back()
    {
        await _pier.BootAsync();
        await using StandInWorker worker = StandInWorker.Start(_pier.Path, _pier.Version);
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(await worker.GiftAsync(Cancel));
        byte[] before = Vdso(worker.Id);
        SteeredTime[] times = [new(1_600_000_000, 123_456), new(1_600_000_000, 123_456), new(1_500_000_000, 0), new(2_000_000_000, 999_999)];
        using (SteeredClock? clock = SteeredClock.Take(worker.Id, times[0], out string why))
        {
            Assert.SkipWhen(clock is null, why);
            Assert.NotEqual(before, Vdso(worker.Id));
            foreach (SteeredTime time in times)
            {
                clock.Set(time);
                await PokeAsync(worker);
            }
            Assert.True(clock.GiveBack());
        }
        Assert.Equal(before, Vdso(worker.Id));
        DateTimeOffset start = DateTimeOffset.UtcNow;
        await PokeAsync(worker);
        DateTimeOffset end = DateTimeOffset.UtcNow;

        using Pier log = Pier.Open(_pier.Path, PierAccess.Live);
        UInt128[] stamps = [.. log.Read(ripe.Number.Next, log.ReadLast()).Select(static made => Stamp(made.Payload))];
        Assert.Equal([.. times.Select(static time => DateAtom.Stamp(DateTimeOffset.FromUnixTimeSeconds(time.Seconds).AddMicroseconds(time.Microseconds)))], stamps[..^1]);
        Assert.InRange(stamps[^1], DateAtom.Stamp(start), DateAtom.Stamp(end));
    }

    [Fact]
    public void A_process_that_is_not_there_has_no_clock()
    {
        Assert.Null(SteeredClock.Take(int.MaxValue, new SteeredTime(1, 0), out string why));
        Assert.NotEmpty(why);
    }

    public void Dispose() => _pier.Dispose();

    private static async Task PokeAsync(StandInWorker worker)
    {
        await worker.SendAsync(StandInPier.Hear("x"), Cancel);
        Assert.IsType<VereGift.Poked>(await worker.GiftAsync(Cancel));
    }

    private static byte[] Vdso(int process)
    {
        (long start, int size) = ProcessMemory.FindVdso(process)!.Value;
        using ProcessMemory memory = ProcessMemory.Open(process);
        return memory.Read(start, size);
    }

    private static UInt128 Stamp(ReadOnlyMemory<byte> payload)
    {
        UInt128 stamp = 0;
        foreach (byte next in ((Atom)((Cell)Cue.From(payload.Span[4..])).Head).Bytes.ToArray().Reverse())
            stamp = (stamp << 8) | next;
        return stamp;
    }
}
