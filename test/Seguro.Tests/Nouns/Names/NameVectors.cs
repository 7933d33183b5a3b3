using System.Globalization;
using Seguro.Testing;

namespace Seguro.Tests.Nouns.Names;

/// <summary>Names and times that other programs made (vectors.txt).</summary>
static class NameVectors
{
    public static IEnumerable<(UInt128 Atom, string Text)> Read(char kind)
    {
        foreach (string line in File.ReadLines(Path.Combine(SharedData.Repository, "test", "Seguro.Tests", "Nouns", "Names", "vectors.txt")))
        {
            if (line[0] != kind)
                continue;
            string[] parts = line.Split(' ');
            yield return (UInt128.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), parts[2]);
        }
    }
}
