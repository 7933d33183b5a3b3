using System.Diagnostics.CodeAnalysis;

namespace Seguro.Stores.Dqlite;

/// <summary>A parameter of a statement.</summary>
/// <remarks>Bytes are not copied: they must not change until the call that they are given to returns its task.</remarks>
[SuppressMessage("Performance", "CA1815", Justification = "Parameters are never compared.")]
public readonly struct DqliteValue
{
    private readonly long _bits;
    private readonly object? _object;
    private readonly ReadOnlyMemory<byte> _bytes;

    private DqliteValue(DqliteType type, long bits = 0, object? value = null, ReadOnlyMemory<byte> bytes = default)
    {
        Type = type;
        _bits = bits;
        _object = value;
        _bytes = bytes;
    }

    /// <summary>The type under which it is sent.</summary>
    public DqliteType Type { get; }

    /// <summary>NULL.</summary>
    public static DqliteValue Null => new(DqliteType.Null);

    internal long Integer => _bits;

    internal string Text => (string)_object!;

    internal IReadOnlyList<ReadOnlyMemory<byte>>? Parts => _object as IReadOnlyList<ReadOnlyMemory<byte>>;

    internal ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>An integer.</summary>
    public static DqliteValue From(long value) => new(DqliteType.Integer, value);

    /// <summary>A number with a fraction.</summary>
    public static DqliteValue From(double value) => new(DqliteType.Real, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A text; it may not hold NUL.</summary>
    public static DqliteValue From(string value) => new(DqliteType.Text, value: value);

    /// <summary>Bytes.</summary>
    public static DqliteValue From(ReadOnlyMemory<byte> value) => new(DqliteType.Blob, bytes: value);

    /// <summary>One blob out of several pieces, in order.</summary>
    public static DqliteValue From(IReadOnlyList<ReadOnlyMemory<byte>> pieces) => new(DqliteType.Blob, value: pieces);

    /// <summary>An integer.</summary>
    public static implicit operator DqliteValue(long value) => From(value);

    /// <summary>A text.</summary>
    public static implicit operator DqliteValue(string value) => From(value);

    /// <summary>Bytes.</summary>
    public static implicit operator DqliteValue(ReadOnlyMemory<byte> value) => From(value);

    /// <summary>Bytes.</summary>
    public static implicit operator DqliteValue(byte[] value) => From((ReadOnlyMemory<byte>)value);
}
