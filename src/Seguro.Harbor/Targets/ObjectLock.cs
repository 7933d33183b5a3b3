using System.Globalization;
using Amazon.S3;

namespace Seguro.Harbor.Targets;

/// <summary>For how long a bucket is told to keep what is put: <c>lock=governance:30d</c>, or <c>compliance:</c>, which nobody can end before.</summary>
/// <remarks>Only what a ship's folder holds is locked: tries, and what a service keeps beside, must be removed again.</remarks>
internal sealed record ObjectLock(ObjectLockMode Mode, TimeSpan Keeps)
{
    private const int MostDays = 36_500;

    /// <summary>Reads the option of a URL.</summary>
    /// <exception cref="Core.SeguroException"><see cref="Core.ErrorCode.BadValue"/>.</exception>
    public static ObjectLock Parse(TargetUrl url, string text) =>
        text.Split(':') is [var mode and ("governance" or "compliance"), [.. var days, 'd']] && int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= MostDays
            ? new ObjectLock(mode == "governance" ? ObjectLockMode.Governance : ObjectLockMode.Compliance, TimeSpan.FromDays(count))
            : throw TargetUrl.Bad(url.Text, $"its lock '{text}' is none: write governance:30d, or compliance:30d, with any number of days");

    /// <summary>Whether an object of this name is locked.</summary>
    public static bool Covers(string name)
    {
        const int IdDigits = 32;
        string[] parts = name.Split('/');
        int id = Array.FindIndex(parts, static part => part.Length == IdDigits && part.All(char.IsAsciiHexDigitLower));
        return id >= 0 && id + 1 < parts.Length && parts[id + 1] is ("ship" or "e" or "m" or "s");
    }
}
