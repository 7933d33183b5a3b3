namespace Seguro.Nock.Drivers;

/// <summary>Why a ship does not hear of a datagram. Few and fixed, since metrics count by them.</summary>
public enum Unheard
{
    /// <summary>It does hear of it.</summary>
    None,
    /// <summary>Its source has no IPv4 address.</summary>
    Family,
    /// <summary>It is shorter than its header says.</summary>
    Short,
    /// <summary>It is longer than a packet of its protocol may be.</summary>
    Long,
    /// <summary>The checksum in its header is not that of the rest: noise, mostly.</summary>
    Checksum,
    /// <summary>It is of another version of the protocol than the kernel's.</summary>
    Version,
    /// <summary>It is for another ship.</summary>
    Elsewhere,
    /// <summary>It is for the runtime, not for the kernel: STUN, questions of remote scry.</summary>
    Runtime,
}
