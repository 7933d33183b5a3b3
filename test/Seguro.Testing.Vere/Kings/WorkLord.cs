using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>The king's end of protocol 2: answers leave as they come, since the worker has committed what they tell of.</summary>
sealed class WorkLord(King king, KingOptions options) : Lord(king, options)
{
    private const int QuietFlag = 7;

    /// <inheritdoc/>
    protected override VereProtocol Protocol => VereProtocol.Two;

    /// <inheritdoc/>
    public override void Start() => Spawn([
        "work", "--snap-dir", Options.Pier, "--runtime-config", Text(1 << QuietFlag), "--temporary-cache-size", "50000", "--loom", Text(Options.Loom), "--toss", "0",
        "--persistent-cache-size", "0", "--snap-time", Text(Options.SnapMinutes * 60L), "--lmdb-map-size", Text(Options.MapSize)]);

    /// <inheritdoc/>
    protected override VereTask PokeTask(KingOvum ovum) => new VereTask.Poke(0, ovum.Ovum);

    /// <inheritdoc/>
    protected override void Ripe(VereGift.Ripe ripe)
    {
        Cell identity = (Cell)ripe.Identity!;
        ((Atom)identity.Head).TryGet(out UInt128 who);
        King.Ripe(ripe.Number.Value, who, identity.Tail == (Noun)0);
    }

    /// <inheritdoc/>
    protected override void Poked(KingOvum ovum, VereGift gift)
    {
        if (gift is VereGift.Poked poked)
            King.Release(ovum, poked.Effects);
        else
            ovum.Failed?.Invoke(((VereGift.PokeFailed)gift).Goofs);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
