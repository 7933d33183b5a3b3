namespace Seguro.Harbor.Targets;

/// <summary>Which names of objects there can be: <see cref="IHarborTarget"/> says how they look.</summary>
internal static class ObjectPath
{
    private const int LongestPart = 128;
    private const int MostParts = 6;

    /// <summary>Whether it is a name, of an object or a folder: so it can mean nothing but itself on any file system, in any URL.</summary>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        int parts = 0;
        foreach (Range part in name.Split('/'))
        {
            if (++parts > MostParts || !IsPart(name[part]))
                return false;
        }
        return true;
    }

    /// <summary>Whether it is a part of a name.</summary>
    public static bool IsPart(ReadOnlySpan<char> part)
    {
        if (part.Length is 0 or > LongestPart || part[0] == '.')
            return false;
        foreach (char c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.'))
                return false;
        }
        return true;
    }
}
