using System.Security.Cryptography.X509Certificates;
using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>Names of members, and how a certificate holds one: its subject is <c>CN=member NAME</c>. Other certificates of the cluster (clients') name no member.</summary>
public static class MemberName
{
    /// <summary>The longest name, in characters.</summary>
    public const int Longest = 32;

    private const string Prefix = "member ";

    /// <summary>1 to 32 of <c>a-z 0-9 -</c>.</summary>
    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= Longest } && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>Refuses what can't be a member's name.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>.</exception>
    public static string Check(string name) => IsValid(name)
        ? name
        : throw new SeguroException(ErrorCode.BadValue, $"'{name}' can't be a member's name", $"Use 1 to {Longest} of a-z, 0-9 and '-'.");

    /// <summary>The common name of a member's certificate.</summary>
    public static string SubjectOf(string name) => Prefix + Check(name);

    /// <summary>The member that a certificate belongs to; <see langword="null"/> where it is none's. The chain must have been checked before.</summary>
    public static string? Of(X509Certificate2? certificate)
    {
        string? common = certificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return common is not null && common.StartsWith(Prefix, StringComparison.Ordinal) && IsValid(common[Prefix.Length..]) ? common[Prefix.Length..] : null;
    }
}
