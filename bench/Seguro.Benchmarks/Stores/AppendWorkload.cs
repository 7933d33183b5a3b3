using System.Globalization;

namespace Seguro.Benchmarks;

/// <summary>Events of a size, so many a commit.</summary>
internal sealed record AppendWorkload(int Bytes, int Group, TurnPlan Plan)
{
    /// <summary>Its name: the same for all contestants.</summary>
    public string Name => Group == 1 ? $"{Size(Bytes)}, one at a time" : $"{Size(Bytes)}, groups of {Group}";

    /// <summary>Its numbers.</summary>
    public IReadOnlyDictionary<string, double> Parameters => new Dictionary<string, double> { [Parameter.Bytes] = Bytes, [Parameter.Group] = Group };

    /// <summary>A size for people.</summary>
    public static string Size(int bytes) => bytes switch
    {
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000_000} MB"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1_000} KB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };
}
