namespace Seguro.Nouns;

/// <summary>What kind of ship a number names; it follows from the number's size.</summary>
public enum ShipRank
{
    /// <summary>Below 2^8: a root of the network.</summary>
    Galaxy,
    /// <summary>Below 2^16.</summary>
    Star,
    /// <summary>Below 2^32: a person's ship.</summary>
    Planet,
    /// <summary>Below 2^64: belongs to the ship whose number is its low half.</summary>
    Moon,
    /// <summary>Below 2^128: belongs to nobody; its number is the fingerprint of its key.</summary>
    Comet,
}
