namespace Seguro.Node.Links;

/// <summary>A request of the admin API that one member hands on to another.</summary>
/// <param name="From">Who hands it on, by its certificate.</param>
/// <param name="Path">Its path, such as <c>/optimism</c>.</param>
/// <param name="Body">Its body: JSON in UTF-8; at most <see cref="LargestBody"/> bytes.</param>
public sealed record LinkCommand(string From, string Path, ReadOnlyMemory<byte> Body)
{
    /// <summary>The largest body, in bytes.</summary>
    public const int LargestBody = 64 << 10;
}
