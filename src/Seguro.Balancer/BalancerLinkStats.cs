namespace Seguro.Balancer;

/// <summary>What a member's link to the balancer did since it was opened.</summary>
/// <param name="Received">Datagrams that came through the balancer.</param>
/// <param name="Sent">Effects handed to the balancer.</param>
/// <param name="SendsFailed">Effects and hellos that could not be sent: no route, the balancer's name unknown, larger than a frame can carry.</param>
/// <param name="Malformed">Came in and were no frames; dropped.</param>
/// <param name="Forged">Frames with a wrong MAC; dropped.</param>
/// <param name="UnknownKey">Frames by another key than this member's; dropped.</param>
/// <param name="WrongKind">Frames that only members send; dropped.</param>
public sealed record BalancerLinkStats(long Received, long Sent, long SendsFailed, long Malformed, long Forged, long UnknownKey, long WrongKind);
