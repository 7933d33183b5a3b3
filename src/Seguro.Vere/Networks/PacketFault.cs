namespace Seguro.Vere.Networks;

/// <summary>Why a packet that left a ship's network is not carried on.</summary>
public enum PacketFault
{
    /// <summary>It is a whole datagram from the ship's port.</summary>
    None,

    /// <summary>Its lengths or checksums are wrong.</summary>
    Malformed,

    /// <summary>It is of another family, as what a kernel says of itself by IPv6.</summary>
    NotIPv4,

    /// <summary>It is a part of one.</summary>
    Fragment,

    /// <summary>It is no UDP.</summary>
    Protocol,

    /// <summary>It is from another port than the ship's.</summary>
    OtherPort,
}
