using Seguro.Core;

namespace Seguro.Identity;

/// <summary>Names of members, and of clients.</summary>
public static class MemberName
{
    /// <summary>The longest name, in characters.</summary>
    public const int Longest = 32;

    /// <summary>1 to 32 of <c>a-z 0-9 -</c>.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= Longest } && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>Refuses what can't be a name.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static string Check(string name) => IsValid(name)
        ? name
        : throw new SeguroException(ErrorCode.BadValue, $"'{name}' can't be a member's name", $"Use 1 to {Longest} of a-z, 0-9 and '-'.");
}
