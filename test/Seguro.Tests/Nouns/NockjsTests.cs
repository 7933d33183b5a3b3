using Seguro.Nouns;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Nouns;

/// <summary>
/// Comparison with the independent implementation of npm's <c>@urbit/nockjs</c>: with what it gave when this was written, and, where node and npm
/// are there, with the package itself on other random nouns.
/// </summary>
public class NockjsTests
{
    private const string Package = "@urbit/nockjs@1.6.0";
    private static readonly string Folder = Path.Combine(SharedData.Repository, "test", "Seguro.Tests", "Nouns");

    [Fact]
    public void Agrees_with_what_nockjs_gave() => Compare(File.ReadAllLines(Path.Combine(Folder, "nockjs-1.6.0.txt")), 150);

    [Fact]
    public async Task Agrees_with_nockjs_itself()
    {
        int seed = Random.Shared.Next();
        string[] lines = await NpmPackages.RunAsync(Path.Combine(Folder, "nockjs-nouns.mjs"), [Package], "3000", seed.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Compare(lines, 3000);
    }

    private static void Compare(string[] lines, int count)
    {
        Assert.Equal(count, lines.Length);
        foreach (string line in lines)
        {
            string hex = line[9..];
            Noun noun = Cue.From(Convert.FromHexString(hex));
            Assert.Equal(line[..8], noun.Mug.ToString("x8"));
            Assert.Equal(hex, Convert.ToHexStringLower(Jam.ToBytes(noun)));
            if (noun is Cell cell)
                Assert.Equal(hex, Convert.ToHexStringLower(Jam.ToBytes(new Cell(Cue.From(Jam.ToBytes(cell.Head)), Cue.From(Jam.ToBytes(cell.Tail))))));
        }
    }
}
