using System.Net;
using System.Text;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using Seguro.Testing;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Tests.Nock.Ships;

/// <summary>A folder, and ships of small kernels in it.</summary>
sealed class ShipFixture : IDisposable
{
    public static readonly DateTimeOffset Now = new(2023, 11, 14, 22, 13, 20, TimeSpan.Zero);
    private static readonly IPEndPoint Source = new(IPAddress.Loopback, 4242);
    private readonly TemporaryFolder _folder = new("ship");

    public List<string> Reports { get; } = [];

    public string Folder(string name = "ship") => _folder[name];

    public NockShipOptions Options(string name = "ship") => new() { Folder = Folder(name), Life = DemoKernel.Life, Report = Reports.Add };

    /// <summary>A booted ship of the demo kernel.</summary>
    public async Task<NockShip> DemoAsync(string name = "ship")
    {
        NockShip ship = new(Options(name));
        await BootAsync(ship, DemoKernel.BootPayloads());
        return ship;
    }

    /// <summary>A booted ship whose kernel does this with <c>[now wire tag data]</c>; its state is a number, called count.</summary>
    public async Task<NockShip> OfAsync(Formula poke, long maxCalls = 10_000_000, long maxHeap = 0, string name = "of", long machineHeap = 0)
    {
        Noun kernel = Let("count", 0, Tuple(0, 0, CoreOf(
            "arvo",
            ("load", 0),
            ("wish", Gate(["text"], Crash)),
            ("peek", Gate(["gang", "request"], Tuple(0, 0, "count"))),
            ("poke", Gate(["now", "wire", "tag", "data"], poke))))).ToNoun();
        NockShip ship = new(new NockShipOptions { Folder = Folder(name), Life = 1, MaxCalls = maxCalls, MaxHeap = maxHeap, Machine = new() { MaxHeap = machineHeap } });
        await BootAsync(ship, [(byte[])[0, 0, 0, 0, .. Jam.ToBytes(kernel)]]);
        return ship;
    }

    public static async Task BootAsync(NockShip ship, IReadOnlyList<ReadOnlyMemory<byte>> payloads)
    {
        foreach (ReadOnlyMemory<byte> payload in payloads)
            await ship.ApplyAsync(ship.Number.Next, payload, TestContext.Current.CancellationToken);
    }

    public static Ovum Hear(string text, double seconds = 0) => new(AmesDriver.Hear(Source, Encoding.UTF8.GetBytes(text))!, Now.AddSeconds(seconds));

    public static async Task<Computation.Accepted> PokeAsync(NockShip ship, Ovum ovum) =>
        Assert.IsType<Computation.Accepted>(await ship.PokeAsync(ovum, long.MaxValue, TestContext.Current.CancellationToken));

    /// <summary>A position that a log might have at the ship's event.</summary>
    public static Position PositionOf(NockShip ship)
    {
        byte[] chain = new byte[Chain.Size];
        chain[0] = (byte)ship.Number.Value;
        chain[31] = 7;
        return new Position(ship.Number, new Chain(chain));
    }

    public void Dispose() => _folder.Dispose();
}
