namespace Seguro.Node.Links;

/// <summary>The answer to a <see cref="LinkCommand"/>.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON in UTF-8.</param>
public sealed record LinkReply(int Status, ReadOnlyMemory<byte> Body);
