using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Names of planets for tests: real syllables, so that stores that know the number behind a name take them.</summary>
/// <remarks>Each process gives a name once; the names follow from <see cref="Seed"/>.</remarks>
public static class ShipNames
{
    private const string Prefixes = "marbinwansamlitsighidfidlissogdirwacsabwissibrigsoldopmodfoglidhopdardorlorhodfolrintogsilmirholpas";
    private const string Suffixes = "necbudwessevpersutletfulpensytdurwepserwylsunrypsyxdyrnuphebpeglupdepdysputlughecryttyvsydnexlunmep";
    private static readonly HashSet<string> Given = [];
    private static ulong _next = Seed;

    /// <summary>From <c>SEGURO_TEST_SEED</c>, or by chance; each test prints it.</summary>
    public static ulong Seed { get; } =
        ulong.TryParse(Environment.GetEnvironmentVariable("SEGURO_TEST_SEED"), out ulong seed) ? seed : (ulong)Random.Shared.NextInt64();

    /// <summary>A name that this process was not given before.</summary>
    public static Ship Next()
    {
        lock (Given)
        {
            while (true)
            {
                ulong seed = _next++;
                string name = $"~{Syllable(Prefixes, seed, 1)}{Syllable(Suffixes, seed, 2)}-{Syllable(Prefixes, seed, 3)}{Syllable(Suffixes, seed, 4)}";
                if (Given.Add(name))
                    return Ship.Parse(name);
            }
        }
    }

    private static string Syllable(string all, ulong seed, ulong place) =>
        all.Substring(3 * SeededPayload.Number((seed * 5) + place, 0, (all.Length / 3) - 1), 3);
}
