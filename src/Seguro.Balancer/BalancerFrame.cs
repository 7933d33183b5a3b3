using System.Buffers.Binary;

namespace Seguro.Balancer;

/// <summary>
/// A frame between the balancer and the members: one UDP payload each. Numbers are little-endian, the bytes of the address in the order of the network.
/// </summary>
/// <remarks>
/// <code>
///  0   4  magic "SGB2"
///  4   1  kind: 1 ingress, 2 egress, 3 hello, 4 welcome
///  5   1  hello: 1 where the sender is master, else 0; the other kinds: 0
///  6   2  zero
///  8   8  ingress: number of the datagram; egress: term of the master that sends it; hello: the sender's term, or the highest that it knows; welcome: the highest term in force
/// 16  16  address of the outside peer: IPv6, or IPv4 mapped into it; hello, welcome: zero
/// 32   2  its port; hello, welcome: zero
/// 34   2  the ship's number, where the members are of nodes that hold many ships: what was sealed for one ship is none for another; else 0
/// 36   …  payload: the datagram; hello: 8 bytes that name this life of the sender, 8 bytes that count its hellos, and of a ship on vere 2 bytes each: its UDP port, its port for HTTP (0: none now);
///         welcome: the first 16 bytes, then 8 bytes: how many terms were not believed
///  …   4  names the key of the member that sends or gets it
///  …  16  MAC: the first 16 bytes of HMAC-SHA256, by that key, of the SHA-256 of all before the key's name, and the key's name
/// </code>
/// The format is Seguro's own. The payload is a slice of the bytes that were read: it lives as long as they do. Nothing here allocates.
/// </remarks>
public readonly ref struct BalancerFrame
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 36;

    /// <summary>Bytes of a frame besides its payload.</summary>
    public const int Overhead = HeaderSize + FrameSeal.Size;

    /// <summary>The largest frame: what fits one UDP datagram over IPv4 (65535 less 20 bytes of IP and 8 of UDP).</summary>
    public const int MaxSize = 65507;

    /// <summary>The largest payload, and so the largest datagram that goes through a balancer, in bytes.</summary>
    public const int MaxPayload = MaxSize - Overhead;

    /// <summary>Bytes of a hello's payload.</summary>
    public const int HelloSize = 16;

    /// <summary>Bytes of a hello's payload that says where the ship's own ports are.</summary>
    public const int PlacedHelloSize = HelloSize + 4;

    /// <summary>Bytes of a welcome's payload.</summary>
    public const int WelcomeSize = 24;

    private const uint Magic = 0x32424753; // "SGB2"

    private BalancerFrame(FrameKind kind, bool isMaster, ulong number, PeerAddress peer, ushort ship, ReadOnlySpan<byte> payload)
    {
        Ship = ship;
        Kind = kind;
        IsMaster = isMaster;
        Number = number;
        Peer = peer;
        Payload = payload;
    }

    /// <summary>What it is for.</summary>
    public FrameKind Kind { get; }

    /// <summary>A hello of a master.</summary>
    public bool IsMaster { get; }

    /// <summary>Ingress: the number of the datagram in the balancer's life. Egress, hello, welcome: a term.</summary>
    public ulong Number { get; }

    /// <summary>The outside peer; of a hello and a welcome: none.</summary>
    public PeerAddress Peer { get; }

    /// <summary>The number of the ship that it is about, which whoever takes it compares with its own.</summary>
    public ushort Ship { get; }

    /// <summary>The datagram, or what a hello or a welcome carries: a slice of what was read.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Completes a frame around a payload that is already in its place, from byte <see cref="HeaderSize"/> on.</summary>
    /// <param name="buffer">At least <paramref name="payloadSize"/> + <see cref="Overhead"/> bytes.</param>
    /// <param name="payloadSize">0 to <see cref="MaxPayload"/>; 16 or 20 for a hello, 24 for a welcome.</param>
    /// <param name="kind">What it is for.</param>
    /// <param name="isMaster">Only a hello says so.</param>
    /// <param name="number">See <see cref="Number"/>.</param>
    /// <param name="peer">See <see cref="Peer"/>.</param>
    /// <param name="seal">Makes its end.</param>
    /// <param name="ship">See <see cref="Ship"/>.</param>
    /// <returns>The frame's size.</returns>
    public static int Complete(Span<byte> buffer, int payloadSize, FrameKind kind, bool isMaster, ulong number, PeerAddress peer, FrameSeal seal, ushort ship = 0)
    {
        ArgumentNullException.ThrowIfNull(seal);
        Span<byte> digest = stackalloc byte[DigestSize];
        int before = Begin(buffer, payloadSize, kind, isMaster, number, peer, ship, digest);
        seal.Write(digest, buffer.Slice(before, FrameSeal.Size));
        return before + FrameSeal.Size;
    }

    /// <summary>Bytes of what <see cref="Begin"/> hands out.</summary>
    internal const int DigestSize = 32;

    /// <summary>Completes all of a frame but its seal, which differs from member to member.</summary>
    /// <returns>The size without the seal.</returns>
    internal static int Begin(Span<byte> buffer, int payloadSize, FrameKind kind, bool isMaster, ulong number, PeerAddress peer, ushort ship, Span<byte> digest)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)payloadSize, (uint)MaxPayload, nameof(payloadSize));
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, Magic);
        buffer[4] = (byte)kind;
        buffer[5] = isMaster ? (byte)1 : (byte)0;
        buffer[6] = 0;
        buffer[7] = 0;
        BinaryPrimitives.WriteUInt64LittleEndian(buffer[8..], number);
        BinaryPrimitives.WriteUInt128BigEndian(buffer[16..], peer.Address);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[32..], peer.Port);
        BinaryPrimitives.WriteUInt16LittleEndian(buffer[34..], ship);
        int before = HeaderSize + payloadSize;
        FrameSeal.Digest(buffer[..before], digest);
        return before;
    }

    /// <summary>Reads a frame; whatever the bytes are, it does not throw.</summary>
    /// <param name="bytes">One UDP payload.</param>
    /// <param name="seal">Checks its end.</param>
    /// <param name="frame">The frame, into <paramref name="bytes"/>; empty where they are none.</param>
    /// <param name="fault">Why they are none.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, FrameSeal seal, out BalancerFrame frame, out FrameFault fault)
    {
        ArgumentNullException.ThrowIfNull(seal);
        if (!TryShape(bytes, out BalancerFrame shaped, out fault))
        {
            frame = default;
            return false;
        }
        fault = FrameSeal.IdIn(bytes) != seal.Id ? FrameFault.UnknownKey : seal.Matches(bytes) ? FrameFault.None : FrameFault.Forged;
        frame = fault is FrameFault.None ? shaped : default;
        return fault is FrameFault.None;
    }

    /// <summary>The same, by any of the keys of a ring.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, SealRing seals, out BalancerFrame frame, out FrameFault fault)
    {
        if (!TryShape(bytes, out BalancerFrame shaped, out fault))
        {
            frame = default;
            return false;
        }
        fault = seals.Find(FrameSeal.IdIn(bytes)) is not { } seal ? FrameFault.UnknownKey : seal.Matches(bytes) ? FrameFault.None : FrameFault.Forged;
        frame = fault is FrameFault.None ? shaped : default;
        return fault is FrameFault.None;
    }

    private static bool TryShape(ReadOnlySpan<byte> bytes, out BalancerFrame frame, out FrameFault fault)
    {
        frame = default;
        fault = FrameFault.Malformed;
        if (bytes.Length is < Overhead or > MaxSize || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
            return false;
        FrameKind kind = (FrameKind)bytes[4];
        PeerAddress peer = new(BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[32..]));
        ReadOnlySpan<byte> payload = bytes[HeaderSize..^FrameSeal.Size];
        bool shaped = kind switch
        {
            FrameKind.Ingress or FrameKind.Egress => bytes[5] == 0,
            FrameKind.Hello => bytes[5] <= 1 && peer == default && payload.Length is (HelloSize or PlacedHelloSize),
            FrameKind.Welcome => bytes[5] == 0 && peer == default && payload.Length == WelcomeSize,
            _ => false,
        };
        if (!shaped || bytes[6] != 0 || bytes[7] != 0)
            return false;
        fault = FrameFault.None;
        frame = new BalancerFrame(kind, bytes[5] == 1, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), peer, BinaryPrimitives.ReadUInt16LittleEndian(bytes[34..]), payload);
        return true;
    }
}
