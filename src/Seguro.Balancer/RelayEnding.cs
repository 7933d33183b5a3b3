namespace Seguro.Balancer;

/// <summary>Why a client's connection ended.</summary>
internal enum RelayEnding
{
    /// <summary>By client or ship.</summary>
    Done,
    /// <summary>The ship went to another master.</summary>
    Takeover,
    /// <summary>There was no ship for too long.</summary>
    NoShip,
    /// <summary>Another needed the place.</summary>
    Room,
    /// <summary>The balancer ends.</summary>
    Stop,
}
