namespace Seguro.Vere.Protocol;

/// <summary>The words that messages begin with, as the atoms they are: the first letter is the lowest byte.</summary>
internal static class Tags
{
    public const ulong Bail = 0x6c69_6162;
    public const ulong Done = 0x656e_6f64;
    public const ulong Exit = 0x7469_7865;
    public const ulong Flog = 0x676f_6c66;
    public const ulong Live = 0x6576_696c;
    public const ulong Peek = 0x6b65_6570;
    public const ulong Play = 0x7961_6c70;
    public const ulong Poke = 0x656b_6f70;
    public const ulong Quiz = 0x7a69_7571;
    public const ulong Ripe = 0x6570_6972;
    public const ulong Save = 0x6576_6173;
    public const ulong Slog = 0x676f_6c73;
    public const ulong Swap = 0x7061_7773;
    public const ulong Sync = 0x636e_7973;
    public const ulong Work = 0x6b72_6f77;

    /// <summary>A tag as people write it, such as <c>%poke</c>; as a number where it is no word.</summary>
    public static string Text(ulong tag)
    {
        Span<char> text = stackalloc char[8];
        int length = 0;
        for (ulong rest = tag; rest != 0; rest >>= 8)
        {
            char letter = (char)(rest & 0xff);
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '-')
                return $"{tag}";
            text[length++] = letter;
        }
        return length == 0 ? "0" : $"%{text[..length]}";
    }
}
