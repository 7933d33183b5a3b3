namespace Seguro.Node.Configuration;

/// <summary>What computes the ship.</summary>
public enum ShipKind
{
    /// <summary>A kernel on Seguro's own Nock machine.</summary>
    Nock,
    /// <summary>A stock vere.</summary>
    Vere,
    /// <summary>Nothing: events are bytes that are kept.</summary>
    Opaque,
}
