using System.Collections.ObjectModel;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Pier;

/// <summary>Where a pier is imported to, beside where it was imported before: two stores of one stopped pier are two clusters of one ship.</summary>
/// <param name="Pier">The pier.</param>
/// <param name="Store">The store.</param>
/// <param name="Url">Its URL, without secrets.</param>
/// <param name="Copied">What the log is to say where it is a copy of another cluster's.</param>
internal sealed record ImportPlace(Seguro.Piers.Pier Pier, IStore Store, string Url, Custody? Copied)
{
    /// <summary>What a new log says besides.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Metadata => Copied is null
        ? ReadOnlyDictionary<string, ReadOnlyMemory<byte>>.Empty
        : new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Custody] = Copied.ToBytes() };

    /// <summary>Looks at the pier's mark; nothing is written.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ImportedElsewhere"/>.</exception>
    public static async ValueTask<ImportPlace> FindAsync(Seguro.Piers.Pier pier, IStore store, string url, bool isCopy, bool isInstead, CancellationToken cancel)
    {
        string path = pier.Info.Path;
        string where = StoreUrl.Parse(url).ToString();
        StoreIdentity? identity = await FindIdentityAsync(store, cancel);
        if (isCopy && ImportedMark.Read(path) is { Store: { } elsewhere } && elsewhere != identity)
            return new ImportPlace(pier, store, where, new Custody(CustodyKind.Gated) { Store = elsewhere });
        if (!isInstead)
            ImportedMark.Refuse(path, identity, mark => Next(path, where, mark));
        return new ImportPlace(pier, store, where, null);
    }

    /// <summary>Marks the pier; a copy's stays as it is. Where the pier can't be written, that is said.</summary>
    public async ValueTask MarkAsync(Terminal terminal, CancellationToken cancel)
    {
        if (Copied is not null)
            return;
        try
        {
            // Whoever took the rights to write from a pier wants nothing written there, by root neither.
            if (!File.GetUnixFileMode(Path.Combine(Pier.Info.Path, ".urb")).HasFlag(UnixFileMode.UserWrite))
                throw new SeguroException(ErrorCode.FileAccess, $"{Pier.Info.Path}/.urb is read-only", "Let it be written, or see to it yourself that no second store gets this pier.");
            new ImportedMark(await Store.ReadIdentityAsync(cancel), Url, Pier.Info.Last, DateTimeOffset.UtcNow).Write(Pier.Info.Path);
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.FileAccess or ErrorCode.DiskFull)
        {
            terminal.Warn($"the pier can't be marked ({refused.Message}): an import into a second store would go unnoticed, and two clusters could begin with one ship");
        }
    }

    private static string Next(string path, string url, ImportedMark mark)
    {
        string there = mark.Store is null ? $"Go on with that cluster (`seguro run -c {mark.Where}/NAME/seguro.json`)." : $"Go on with that store: `seguro pier import {path} --store {mark.Where}`.";
        string copy = mark.Store is null ? "" : $" For a copy that no cluster begins with: `seguro pier import {path} --store {url} --copy`.";
        return $"{there}{copy} Where that one is given up, and no cluster computes the ship from it, now or later: `seguro pier import {path} --store {url} --instead`.";
    }

    /// <summary>A pier that is to be the store has an identity only once it has a log.</summary>
    private static async ValueTask<StoreIdentity?> FindIdentityAsync(IStore store, CancellationToken cancel)
    {
        try
        {
            return await store.ReadIdentityAsync(cancel);
        }
        catch (SeguroException none) when (none.Code is ErrorCode.NoSuchLog)
        {
            return null;
        }
    }
}
