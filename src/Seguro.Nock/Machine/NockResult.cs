using System.Diagnostics.CodeAnalysis;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>What a computation came to: a product, or a goof <c>[mote trace]</c>, where the trace is the list of hints <c>[tag clue]</c> that were open, innermost first.</summary>
/// <param name="Product">The product, or null.</param>
/// <param name="Mote">Why there is none: <c>exit</c> (a crash that every machine has), <c>meme</c> (out of memory), <c>fail</c> (a limit).</param>
/// <param name="Trace">The open hints.</param>
public sealed record NockResult(Noun? Product, string Mote, Noun Trace)
{
    /// <summary>Is there a product?</summary>
    [MemberNotNullWhen(true, nameof(Product))]
    public bool Succeeded => Product is not null;

    /// <summary>The goof as a noun.</summary>
    public Noun Goof => new Cell(Cord.Of(Mote), Trace);
}
