using System.Buffers.Binary;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// How a simulated ship computes: its state is a hash of all its events. An ovum is <c>id u64le ‖ kind u8 ‖ size u16le</c>; a payload is
/// <c>mug u32le ‖ digest u32le ‖ id u64le ‖ kind u8 ‖ filler</c>; an effect is <c>id u64le ‖ number u64le ‖ state u64le ‖ index u8</c>.
/// </summary>
internal static class ShipRules
{
    private const int PayloadHead = 17;

    /// <summary>What an ovum asks of a ship.</summary>
    public enum Kind
    {
        /// <summary>To answer.</summary>
        Answer,
        /// <summary>To answer twice.</summary>
        AnswerTwice,
        /// <summary>To answer after a long computation.</summary>
        Slow,
        /// <summary>To keep something, and say nothing.</summary>
        Quiet,
        /// <summary>Something that crashes: the event reports it.</summary>
        Crash,
        /// <summary>Something that is no event.</summary>
        Nonsense,
    }

    /// <summary>Makes an ovum.</summary>
    public static Ovum Ovum(ulong id, Kind kind, int size, bool isDatagram)
    {
        byte[] bytes = new byte[11];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, id);
        bytes[8] = (byte)kind;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(9), (ushort)size);
        return new Ovum(bytes, DateTimeOffset.UnixEpoch, isDatagram ? (uint)(Mix(id) | 1) : 0);
    }

    /// <summary>The number of a datagram or timer.</summary>
    public static ulong IdOf(Ovum ovum) => BinaryPrimitives.ReadUInt64LittleEndian(ovum.Bytes.Span);

    /// <summary>The kind of an ovum.</summary>
    public static Kind KindOf(Ovum ovum) => (Kind)ovum.Bytes.Span[8];

    /// <summary>An event takes long to compute.</summary>
    public static bool IsSlow(ReadOnlySpan<byte> payload) => (Kind)payload[16] is Kind.Slow;

    /// <summary>The payload of the event that an ovum makes, and the state after it.</summary>
    public static (byte[] Payload, ulong State) Compute(ulong state, Ovum ovum)
    {
        ReadOnlySpan<byte> bytes = ovum.Bytes.Span;
        byte[] payload = new byte[PayloadHead + BinaryPrimitives.ReadUInt16LittleEndian(bytes[9..])];
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(4), ovum.Digest);
        bytes[..9].CopyTo(payload.AsSpan(8));
        ulong after = Next(state, payload);
        BinaryPrimitives.WriteUInt32LittleEndian(payload, MugOf(after));
        return (payload, after);
    }

    /// <summary>The state after an event.</summary>
    public static ulong Next(ulong state, ReadOnlySpan<byte> payload) =>
        Mix(state ^ Mix(IdOf(payload) + ((ulong)payload[16] << 56) + (ulong)payload.Length) ^ DigestOf(payload));

    /// <summary>The mug of a state: never 0.</summary>
    public static uint MugOf(ulong state) => (uint)(state & 0x7fffffff) | 1;

    /// <summary>The mug that a payload carries.</summary>
    public static uint MugIn(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload);

    /// <summary>The digest that a payload carries.</summary>
    public static uint DigestOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]);

    /// <summary>The number of the datagram or timer that an event came from.</summary>
    public static ulong IdOf(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]);

    /// <summary>What an event wants done.</summary>
    public static IReadOnlyList<Effect> EffectsOf(EventNumber number, ulong state, ReadOnlySpan<byte> payload)
    {
        int count = CountOf(payload);
        if (count == 0)
            return [];
        Effect[] effects = new Effect[count];
        for (int i = 0; i < count; i++)
        {
            byte[] bytes = new byte[25];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, IdOf(payload));
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), number.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), state);
            bytes[24] = (byte)i;
            effects[i] = new Effect(number, i, bytes);
        }
        return effects;
    }

    /// <summary>How many effects an event has.</summary>
    public static int CountOf(ReadOnlySpan<byte> payload) => (Kind)payload[16] switch { Kind.Answer or Kind.Slow => 1, Kind.AnswerTwice => 2, _ => 0 };

    /// <summary>The number of the datagram that an effect answers.</summary>
    public static ulong AnswerOf(Effect effect) => BinaryPrimitives.ReadUInt64LittleEndian(effect.Bytes.Span);

    /// <summary>The state that an effect tells of.</summary>
    public static ulong StateIn(Effect effect) => BinaryPrimitives.ReadUInt64LittleEndian(effect.Bytes.Span[16..]);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93;
        value = (value ^ (value >> 32)) * 0xd6e8feb86659fd93;
        return value ^ (value >> 32);
    }
}
