using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Nock.Ships;

/// <summary>A real ship's kernel, from the state that vere exported after event 599.</summary>
public sealed class RealShipTests : IDisposable
{
    private static readonly Position Start = new(new EventNumber(599), new Chain(new byte[Chain.Size]));
    private readonly TemporaryFolder _folder = new("ship599");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lives_on_is_kept_and_comes_back_with_its_jets()
    {
        PierEvent[] events = Events(600, 625);
        await using NockShip ship = new(Options());
        Assert.Equal(Start, await ship.RestoreAsync(new EventNumber(600), Cancel));
        Assert.Equal(0x76adbc01u, ship.Mug);
        foreach (PierEvent log in events[..10])
            Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(log.Payload.Span), (await ship.ApplyAsync(log.Number, log.Payload, Cancel)).Mug);
        Position kept = new(ship.Number, new Chain(new byte[Chain.Size]));
        await ship.SnapshotAsync(kept, Cancel);

        // From our own snapshot on, each ovum is computed as the master would have: the payloads are vere's own, to the byte.
        Assert.Equal(kept, await ship.RestoreAsync(new EventNumber(9999), Cancel));
        foreach (PierEvent log in events[10..])
        {
            Cell made = (Cell)Cue.From(log.Payload.Span[4..]);
            ((Atom)made.Head).TryGet(out UInt128 now);
            DateAtom.TryToTime(now, out DateTimeOffset time);
            // To the next microsecond, since vere's stamp was rounded down.
            time = new DateTimeOffset((time.Ticks + 9) / 10 * 10, TimeSpan.Zero);
            Computation.Accepted computed = Assert.IsType<Computation.Accepted>(await ship.PokeAsync(new Ovum(Jam.ToBytes(made.Tail), time), long.MaxValue, Cancel));
            Assert.Null(computed.Failure);
            Assert.Equal(Convert.ToHexString(log.Payload.Span), Convert.ToHexString(computed.Payload.Span));
        }

        // No such vane: the kernel can't report the crash to it either. In the recording of this ship vere refuses two ova with %missing-vane.
        Computation.Refused refused = Assert.IsType<Computation.Refused>(await ship.PokeAsync(Ovum("x", "nothing"), long.MaxValue, Cancel));
        Assert.Contains("so did the report", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(Position.Origin, await ship.RestoreAsync(new EventNumber(598), Cancel));
    }

    public void Dispose() => _folder.Dispose();

    private static Ovum Ovum(params string[] wire) => new(Jam.ToBytes(Cell.Of(NounList.Path(wire), "nonsense", 0)), DateTimeOffset.UtcNow);

    private NockShipOptions Options() => new()
    {
        Folder = _folder["snapshots"],
        Life = 5,
        Start = new ExportedState(Path.Combine(SharedData.Path, "zod/.urb/roc/599.jam"), Start),
    };

    private static PierEvent[] Events(ulong first, ulong last)
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        return [.. pier.Read(new EventNumber(first), new EventNumber(last))];
    }
}
