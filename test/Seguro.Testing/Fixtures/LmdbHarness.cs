using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Piers on a disk of their own, where this user may mount one: one for each ship.</summary>
public sealed class LmdbHarness : EngineHarness
{
    /// <summary>Prepares the disk.</summary>
    public LmdbHarness()
        : base("lmdb", "piers")
    {
    }

    /// <inheritdoc/>
    protected override ValueTask<IStore> OpenAsync(string url, CancellationToken cancel)
    {
        string folder = url["lmdb:".Length..];
        Directory.CreateDirectory(folder);
        return ValueTask.FromResult<IStore>(new PierFleet(folder));
    }
}
