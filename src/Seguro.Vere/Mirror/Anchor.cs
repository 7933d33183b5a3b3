using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Vere.Mirror;

/// <summary>The newest event that pier and log have in common, remembered by its size and its beginning, so that each look at the pier can tell that it still is the same history.</summary>
/// <param name="Number">The event.</param>
/// <param name="Size">Its payload's size, in bytes.</param>
/// <param name="Digest">SHA-256 of its first bytes: the mug of the state after it, and nearly always the time.</param>
internal sealed record Anchor(EventNumber Number, long Size, string Digest)
{
    private const int MostBytes = 64 << 10;

    /// <summary>The anchor at an event of a pier; <see langword="null"/> where the pier has it no more, or there is none.</summary>
    /// <exception cref="SeguroException">What the pier throws.</exception>
    public static Anchor? At(Pier pier, EventNumber number)
    {
        if (number < pier.Info.First)
            return null;
        foreach (PierPiece piece in pier.ReadPieces(number, number, MostBytes))
            return new Anchor(number, piece.Size, Convert.ToHexString(SHA256.HashData(piece.Bytes.Span)));
        return null;
    }
}
