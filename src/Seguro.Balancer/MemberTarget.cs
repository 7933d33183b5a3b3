namespace Seguro.Balancer;

/// <summary>A member that gets what comes in.</summary>
/// <param name="Address">Where.</param>
/// <param name="Key">Names the key that its frames are sealed with: the one of its last hello.</param>
/// <param name="Member">Its name.</param>
internal readonly record struct MemberTarget(PeerAddress Address, uint Key, string Member);
