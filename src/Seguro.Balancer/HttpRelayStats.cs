namespace Seguro.Balancer;

/// <summary>What the way to the ship's HTTP did since it began: counts of connections.</summary>
/// <param name="Accepted">Came in.</param>
/// <param name="Open">Are open now.</param>
/// <param name="Cut">Were cut because the ship went to another master.</param>
/// <param name="Unserved">Were ended because there was no ship to be reached for too long.</param>
/// <param name="MadeRoom">Were ended because all places were taken and they had been silent the longest.</param>
public sealed record HttpRelayStats(long Accepted, int Open, long Cut, long Unserved, long MadeRoom);
