using System.Globalization;
using System.Reflection;
using Grpc.Core;

namespace Seguro.Node.Links;

/// <summary>Which versions of the protocol between members a member speaks, and of which software it is; in the headers of both directions of a stream.</summary>
/// <param name="Lowest">The oldest protocol that it speaks.</param>
/// <param name="Highest">The newest.</param>
/// <param name="Software">Seguro's version, for people.</param>
public sealed record MemberVersion(int Lowest, int Highest, string Software)
{
    private const string Key = "seguro-version";
    private const int LongestSoftware = 40;

    /// <summary>This program's.</summary>
    public static MemberVersion Own { get; } = new(1, 1, typeof(MemberVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown");

    /// <summary>That of a member whose ship's lease names an epoch of its node: who renews leases one by one would have no part in it, nor understand that it is held.</summary>
    public static MemberVersion OfNodes { get; } = Own with { Lowest = 2, Highest = 2 };

    /// <summary>That of a member that says none: one from before it was said.</summary>
    public static MemberVersion Unsaid { get; } = new(1, 1, "0.1.0 or older");

    /// <summary>There is a protocol that both speak.</summary>
    public bool Understands(MemberVersion other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Lowest <= other.Highest && other.Lowest <= Highest;
    }

    /// <summary>Why two members that do not understand each other have no link, and which of them is to be updated.</summary>
    public static string Describe(string name, MemberVersion own, string peer, MemberVersion other)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(other);
        string older = own.Highest < other.Lowest ? name : peer;
        return $"{peer} runs Seguro {other.Software} with {other.Protocols}, and {name} runs Seguro {own.Software} with {own.Protocols}: they do not understand each other (SG{(int)Core.ErrorCode.OtherVersion}). Install the newer Seguro on {older} and start it again";
    }

    /// <summary>As it stands in a header: <c>1-2 0.3.0</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Lowest}-{Highest} {Software}");

    /// <summary>Says it.</summary>
    internal void Add(Metadata headers) => headers.Add(Key, ToString());

    /// <summary>The other side says of which version it is.</summary>
    internal static bool IsSaid(Metadata headers) => headers.GetValue(Key) is not null;

    /// <summary>Reads what the other side says. What can't be read is taken for a protocol that nobody speaks.</summary>
    internal static MemberVersion Read(Metadata headers)
    {
        if (headers.GetValue(Key) is not { } text)
            return Unsaid;
        return text.Split(' ', 2) is [var protocols, { Length: > 0 and <= LongestSoftware } software] && protocols.Split('-') is [var low, var high]
            && int.TryParse(low, NumberStyles.None, CultureInfo.InvariantCulture, out int lowest) && int.TryParse(high, NumberStyles.None, CultureInfo.InvariantCulture, out int highest)
            && software.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ' ')
            ? new MemberVersion(lowest, highest, software)
            : new MemberVersion(0, 0, "of an unreadable version");
    }

    private string Protocols => Lowest == Highest ? $"protocol {Lowest}" : $"protocols {Lowest} to {Highest}";
}
