using System.Globalization;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Nock.Pills;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary><c>urbit boot</c> (vere-facts.md §4.3): makes a pier of the one message that the king sends, computes its events, saves, ends. Fake ships only.</summary>
static class BootWorker
{
    /// <summary>Boots.</summary>
    /// <exception cref="VereExit">The pier is there already, the message is none, or an event of the boot crashes.</exception>
    public static void Run(WorkerArguments.Mars arguments, Stream input, Stream output)
    {
        byte[] frame = Newt.ReadAsync(input, int.MaxValue, CancellationToken.None).AsTask().GetAwaiter().GetResult() ?? throw VereExit.Failed("boot: urth unexpectedly shut down");
        if (Cue.From(frame, CueLimits.Default with { Bytes = Array.MaxLength })
            is not Cell { Head: Noun tag, Tail: Cell { Head: Cell { Head: Atom jam }, Tail: Cell { Head: Noun vent } } }
            || tag != (Noun)"boot")
            throw VereExit.Failed("boot: bad message");
        if (vent is not Cell { Head: Noun kind, Tail: Atom who } || kind != (Noun)"fake" || !who.TryGet(out UInt128 ship))
            throw VereExit.Failed("boot: this program boots fake ships only");
        if (Pill.Of(Cue.From(jam, CueLimits.Default with { Bytes = Array.MaxLength })) is not Pill.Boot pill)
            throw VereExit.Failed("boot: no ship boots from an ivory pill");
        long mapSize = long.Parse(arguments["--lmdb-map-size"]!, CultureInfo.InvariantCulture);
        Make(arguments.Pier, pill, ship, mapSize, slog => output.Write(Newt.Frame(new Cell(Cord.Of("slog"), slog))));
    }

    /// <summary>Makes a pier whose snapshot is at its log's end.</summary>
    public static void Make(string path, Pill.Boot pill, UInt128 who, long mapSize, Action<Noun> slog)
    {
        byte[] entropy = RandomNumberGenerator.GetBytes(BootSequence.EntropySize);
        BootSequence boot = BootSequence.OfFake(pill, who, DateTimeOffset.UtcNow, entropy, StandInVersion.Text);
        using VerePier pier = VerePier.Create(path, new PierIdentity(who, true, (uint)boot.Formulas.Count), mapSize);
        pier.Commit(1, [.. boot.Events.Select(static made => WorkWorker.Payload(0, made))]);
        WorkerShip ship = new((uint)boot.Formulas.Count, slog);
        foreach (Noun made in boot.Events)
        {
            if (ship.Replay(made) is { } goof)
                throw VereExit.Failed($"boot ({ship.Number + 1}): bail {goof}");
        }
        Playback.Save(pier, ship);
    }
}
