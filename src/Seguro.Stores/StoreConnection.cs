using Seguro.Core;

namespace Seguro.Stores;

/// <summary>Opens stores by URL.</summary>
public static class StoreConnection
{
    /// <summary>Opens the store that a URL names.</summary>
    /// <exception cref="SeguroException">It can't be reached, belongs to another program, was made by a newer Seguro, …</exception>
    public static ValueTask<IStore> OpenAsync(StoreUrl url, StoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(options);
        return url.Kind.Open(url, options, cancel);
    }
}
