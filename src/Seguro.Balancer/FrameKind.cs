namespace Seguro.Balancer;

/// <summary>What a frame between the balancer and the members is for. The values are those on the wire.</summary>
public enum FrameKind : byte
{
    /// <summary>No frame.</summary>
    None = 0,
    /// <summary>Balancer to member: a datagram that came from outside.</summary>
    Ingress = 1,
    /// <summary>Master to balancer: a datagram to send outside.</summary>
    Egress = 2,
    /// <summary>Member to balancer: send me what comes in.</summary>
    Hello = 3,
    /// <summary>Balancer to member: the answer to a hello.</summary>
    Welcome = 4,
}
