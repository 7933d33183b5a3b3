using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Node.Members;
using Seguro.Nouns;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Seguro.Tests.Nock.Ships;

namespace Seguro.Tests.Node.Members;

/// <summary>A member's own log, what a ship makes for it, and the replica's machine that computes it.</summary>
sealed class ComputedBed : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ShipFixture _ships = new();
    private readonly OwnShipBed _bed;
    private NockShip? _master;

    private ComputedBed(TemporaryFolder folder, OwnShipBed bed) => (_folder, _bed) = (folder, bed);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public LocalLog Log => _bed.Log;

    public IReadOnlyList<string> Notices => _bed.Notices;

    public string Folder => _bed.Folder;

    /// <summary>The member's ship, whose machine has not begun.</summary>
    public OwnShip NewShip() => _bed.NewShip(new VereOptions
    {
        Binary = "/bin/false",
        Seguro = [],
        Level = StandbyLevel.Computed,
        Machine = start => new NockShip(new NockShipOptions { Folder = _folder["snapshots"], Life = DemoKernel.Life, Start = start }),
    });

    /// <summary>Opens the log in a pier, which a caller may have put there.</summary>
    public static async Task<ComputedBed> OpenAsync(Func<string, Task>? put = null)
    {
        TemporaryFolder folder = new("computed");
        if (put is not null)
            await put(folder["pier"]);
        return new ComputedBed(folder, await OwnShipBed.OpenAsync(folder.Path));
    }

    /// <summary>Events that a ship makes; the first ones are its boot.</summary>
    /// <param name="count">How many.</param>
    /// <param name="after">They follow that one; left out, the log's last.</param>
    public async Task<IReadOnlyList<Event>> MakeAsync(int count, Position? after = null)
    {
        List<Event> events = [];
        Position end = after ?? Log.Head;
        if (_master is null)
        {
            _master = await _ships.DemoAsync();
            foreach (ReadOnlyMemory<byte> payload in DemoKernel.BootPayloads())
                Add(payload);
        }
        while (events.Count < count)
            Add((await ShipFixture.PokeAsync(_master, ShipFixture.Hear($"word {end.Number}", end.Number.Value))).Payload);
        return events;

        void Add(ReadOnlyMemory<byte> payload)
        {
            end = new Position(end.Number.Next, ChainHasher.Of(end.Chain, end.Number.Next, payload.Span));
            events.Add(new Event(end.Number, payload, end.Chain));
        }
    }

    /// <summary>Puts the ship's state into the pier, as vere exports it.</summary>
    public void Export(string name)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder["pier"], ".urb", "roc")).FullName;
        File.WriteAllBytes(Path.Combine(folder, name), Jam.ToBytes(Cell.Of("arvo", _master!.Core!, "hashboard", 0)));
    }

    /// <summary>An event whose state has another mug, and its chain.</summary>
    public static Event WithOtherMug(Event made, Chain before)
    {
        byte[] payload = made.Payload.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(payload, BinaryPrimitives.ReadUInt32LittleEndian(payload) ^ 1);
        return new Event(made.Number, payload, ChainHasher.Of(before, made.Number, payload));
    }

    public async Task AppendAsync(IReadOnlyList<Event> events) => await Log.AppendAsync(events, Cancel);

    /// <summary>A machine that has not begun; its snapshots are where the last one's are.</summary>
    public ComputedReplica NewReplica(Func<NockShip, IShip>? around = null, int life = 0, TimeSpan? patience = null) => new(
        _bed.Options,
        start =>
        {
            NockShip ship = new(new NockShipOptions { Folder = _folder["snapshots"], Life = life > 0 ? life : DemoKernel.Life, Start = start });
            return around?.Invoke(ship) ?? ship;
        },
        Log)
    { Patience = patience ?? TimeSpan.FromMinutes(5) };

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        _ships.Dispose();
        _folder.Dispose();
    }
}
