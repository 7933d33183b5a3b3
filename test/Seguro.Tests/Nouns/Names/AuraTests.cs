using System.Globalization;
using System.Numerics;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Nouns.Names;

/// <summary>Names, dates and base-32 numbers beside npm's <c>urbit-ob</c> and <c>@urbit/aura</c>, on random atoms. What they gave for others is in <c>vectors.txt</c>.</summary>
public sealed class AuraTests
{
    [Fact]
    public async Task Agrees_with_urbit_ob_and_aura()
    {
        int seed = Random.Shared.Next();
        string[] lines = await NpmPackages.RunAsync(
            Path.Combine(SharedData.Repository, "test", "Seguro.Tests", "Nouns", "Names", "names.mjs"), ["urbit-ob@5.0.1", "@urbit/aura@3.0.0"], "2000", $"{seed}");
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Assert.Equal(6000, lines.Length);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            BigInteger number = BigInteger.Parse(words[1], CultureInfo.InvariantCulture);
            switch (words[0])
            {
                case "p":
                    Assert.Equal(words[2], ShipName.Format((UInt128)number));
                    Assert.Equal((UInt128)number, ShipName.Parse(words[2]));
                    break;
                case "da":
                    Assert.Equal(words[2], DateAtom.Format((UInt128)number));
                    Assert.Equal((UInt128)number, DateAtom.Parse(words[2]));
                    break;
                default:
                    Atom atom = Atom.Of(number.ToByteArray(isUnsigned: true));
                    Assert.Equal(words[2], Uv.Format(atom));
                    Assert.True(Uv.TryParse(words[2], out Atom? parsed) && parsed.Equals(atom));
                    break;
            }
        }
    }
}
