using System.Buffers;
using System.Globalization;

namespace Seguro.Piers;

/// <summary>The version of a runtime, as far as formats go by it.</summary>
/// <param name="Major">Before the point.</param>
/// <param name="Minor">After it.</param>
public readonly record struct VereVersion(int Major, int Minor) : IComparable<VereVersion>
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>The newest whose formats Seguro knows.</summary>
    public static VereVersion Newest { get; } = new(4, 6);

    /// <summary>Reads the text of a <c>vere.txt</c>: <c>4.6</c>, or <c>4.6-859fd5c</c> of a build that was not released.</summary>
    public static VereVersion? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int end = text.AsSpan().IndexOfAnyExcept(Digits);
        string[] parts = (end < 0 ? text : text[..end]).Split('.');
        return parts.Length >= 2 && Number(parts[0]) is { } major && Number(parts[1]) is { } minor ? new VereVersion(major, minor) : null;
    }

    /// <inheritdoc/>
    public int CompareTo(VereVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <summary>As people write it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    /// <summary>It is older.</summary>
    public static bool operator <(VereVersion left, VereVersion right) => left.CompareTo(right) < 0;

    /// <summary>It is newer.</summary>
    public static bool operator >(VereVersion left, VereVersion right) => left.CompareTo(right) > 0;

    /// <summary>It is not newer.</summary>
    public static bool operator <=(VereVersion left, VereVersion right) => left.CompareTo(right) <= 0;

    /// <summary>It is not older.</summary>
    public static bool operator >=(VereVersion left, VereVersion right) => left.CompareTo(right) >= 0;

    private static int? Number(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
