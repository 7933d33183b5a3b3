using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Piers on a disk of their own, where this user may mount one: one for each ship.</summary>
public sealed class LmdbHarness : EngineHarness
{
    /// <summary>Prepares the disk.</summary>
    public LmdbHarness()
        : base("lmdb", "piers") => Directory.CreateDirectory(Folder);

    private string Folder => Url["lmdb:".Length..];

    /// <inheritdoc/>
    public override ValueTask<IStore> OpenAsync(CancellationToken cancel) => ValueTask.FromResult<IStore>(new PierFleet(Folder));
}
