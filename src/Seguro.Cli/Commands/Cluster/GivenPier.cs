using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;

namespace Seguro.Cli.Commands.Cluster;

/// <summary>The pier of a stopped ship that is given to a new cluster (<c>cluster init --import PIER</c>): the members get copies, and the pier itself is marked.</summary>
/// <param name="Path">The pier.</param>
/// <param name="Ship">Whose it is.</param>
/// <param name="Info">What it says of itself.</param>
internal sealed record GivenPier(string Path, Ship Ship, PierInfo Info)
{
    /// <summary>How much of a store with a window an import may fill: what the ship computes next needs room, too.</summary>
    private const long MostInWindow = 400L << 20;

    /// <summary>Looks at a pier, and refuses one that no new cluster should have.</summary>
    /// <param name="path">The pier.</param>
    /// <param name="hasWindow">The cluster's store keeps a bounded part of the log.</param>
    /// <param name="isInstead">The user gives up where it was before.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.ImportedElsewhere"/>, <see cref="ErrorCode.OtherCustody"/>, <see cref="ErrorCode.TooLarge"/>; as
    /// <see cref="Seguro.Piers.Pier.Open"/>.
    /// </exception>
    public static GivenPier Open(string path, bool hasWindow, bool isInstead)
    {
        using Seguro.Piers.Pier pier = Seguro.Piers.Pier.Open(path, PierAccess.Offline);
        PierInfo info = pier.Info;
        if (!isInstead)
        {
            ImportedMark.Refuse(info.Path, null, mark =>
                $"Go on there: {(mark.Store is null ? $"`seguro run -c {mark.Where}/NAME/seguro.json`" : $"`seguro pier import {path} --store {mark.Where}`")}."
                + " Where that one is given up, and no cluster computes the ship from it, now or later: the same `seguro cluster init` with `--instead`.");
        }
        if (info.Custody is { Kind: CustodyKind.Gated } gated)
        {
            throw new SeguroException(
                ErrorCode.OtherCustody, $"the pier {path} is a member's of a cluster, which computes the ship{(gated.Store is { } store ? $" (its log is in the store {store})" : "")}",
                "Nothing was made. Hand the running ship over with `seguro cluster move --to URL`, or give it back to a plain pier first: `seguro custody release`.");
        }
        if (hasWindow && info.Bytes > MostInWindow)
        {
            throw new SeguroException(
                ErrorCode.TooLarge, $"the log of {path} has {info.Bytes:N0} bytes, and the members' own dqlite keeps the newest {MostInWindow:N0} at the most when it begins",
                $"Nothing was made. Keep the log in a database: `--store postgresql://…`. Or drop what lies before the newest epochs, which the ship does not need: `urbit play {path} && urbit roll {path} && urbit chop {path}`.");
        }
        return new GivenPier(info.Path, ShipName.ToShip(info.Identity.Who), info);
    }

    /// <summary>Copies it into a member's folder.</summary>
    public void CopyTo(string folder, CancellationToken cancel)
    {
        string copy = System.IO.Path.Combine(folder, "data", "pier");
        PierFolderCopy.Run(Path, copy, cancel);
        ImportedMark.Remove(copy); // where it was before is given up, and the copy is this cluster's
    }

    /// <summary>Marks the pier itself: it is the cluster's from now on.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.UnsafeSettings"/>, or as <see cref="Seguro.Piers.Pier.Open"/>: the ship ran meanwhile, and the copies are not what it is now.</exception>
    public void Mark(string root)
    {
        using (Seguro.Piers.Pier now = Seguro.Piers.Pier.Open(Path, PierAccess.Offline))
        {
            if (now.Info.Last != Info.Last)
                throw new SeguroException(ErrorCode.UnsafeSettings, $"the ship of {Path} ran while its pier was copied: it was at event {Info.Last}, and is at {now.Info.Last}", $"Stop the ship, see that nothing starts it again, remove {root}, and repeat.");
        }
        new ImportedMark(null, root, Info.Last, DateTimeOffset.UtcNow).Write(Path);
    }
}
