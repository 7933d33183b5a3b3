namespace Seguro.Harbor.Format;

/// <summary>The text form of age's keys: Bech32 (BIP 173) without its limit of 90 characters.</summary>
internal static class Bech32
{
    private const string Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int CheckLength = 6;

    /// <summary>Writes bytes behind a prefix, in lower case.</summary>
    public static string Write(string prefix, ReadOnlySpan<byte> bytes)
    {
        List<byte> groups = Regroup(bytes, 8, 5, pads: true)!;
        uint check = Check(prefix, [.. groups, 0, 0, 0, 0, 0, 0]) ^ 1;
        for (int i = 0; i < CheckLength; i++)
            groups.Add((byte)((check >> (5 * (5 - i))) & 31));
        return $"{prefix}1{string.Concat(groups.Select(static group => Digits[group]))}";
    }

    /// <summary>Reads what stands behind a prefix, all in lower or all in upper case; <see langword="null"/> where it is not that.</summary>
    public static byte[]? Read(string prefix, string text)
    {
        string lower = text.ToLowerInvariant();
        if ((text.Any(char.IsAsciiLetterLower) && text.Any(char.IsAsciiLetterUpper)) || !lower.StartsWith(prefix + "1", StringComparison.Ordinal) || lower.Length < prefix.Length + 1 + CheckLength)
            return null;
        byte[] groups = new byte[lower.Length - prefix.Length - 1];
        for (int i = 0; i < groups.Length; i++)
        {
            int digit = Digits.IndexOf(lower[prefix.Length + 1 + i], StringComparison.Ordinal);
            if (digit < 0)
                return null;
            groups[i] = (byte)digit;
        }
        return Check(prefix, groups) == 1 ? Regroup(groups.AsSpan()[..^CheckLength], 5, 8, pads: false)?.ToArray() : null;
    }

    private static List<byte>? Regroup(ReadOnlySpan<byte> from, int fromBits, int toBits, bool pads)
    {
        List<byte> groups = [];
        int held = 0, bits = 0;
        foreach (byte next in from)
        {
            held = ((held << fromBits) | next) & 0xFFF;
            for (bits += fromBits; bits >= toBits; bits -= toBits)
                groups.Add((byte)((held >> (bits - toBits)) & ((1 << toBits) - 1)));
        }
        int rest = (held << (toBits - bits)) & ((1 << toBits) - 1);
        if (pads && bits > 0)
            groups.Add((byte)rest);
        return pads || (bits < fromBits && rest == 0) ? groups : null;
    }

    private static uint Check(string prefix, IEnumerable<byte> groups)
    {
        ReadOnlySpan<uint> generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        uint check = 1;
        foreach (byte group in prefix.Select(static c => (byte)(c >> 5)).Append((byte)0).Concat(prefix.Select(static c => (byte)(c & 31))).Concat(groups))
        {
            uint top = check >> 25;
            check = ((check & 0x1ffffff) << 5) ^ group;
            for (int i = 0; i < generators.Length; i++)
                check ^= ((top >> i) & 1) == 1 ? generators[i] : 0;
        }
        return check;
    }
}
