using System.Text.RegularExpressions;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Repository;

/// <summary>What review should not have to look for.</summary>
public sealed partial class TidyTests
{
    private const int MostLines = 400;
    private const int MostColumns = 200;

    private static readonly string[] Binary = [".png", ".gz", ".zst", ".mdb", ".jam", ".pill", ".nupkg", ".bin", ".ico", ".woff2"];

    // In two parts, so that this file does not hold what it forbids.
    private static readonly string[] Foreign = ["/ro" + "ot/", "/ho" + "me/", "/wo" + "rk/", "nu" + "get.org/v3", "arti" + "factory", "/tmp/ba" + "sh_jobs"];

    private static IEnumerable<string> Text =>
        SourceFiles.All.Where(static path => !Binary.Contains(Path.GetExtension(path)) && !path.Contains("/testdata/", StringComparison.Ordinal));

    [Fact]
    public void No_source_file_is_too_long() =>
        Assert.Empty(SourceFiles.CSharp
            .Select(static path => (Path: path, Lines: SourceFiles.Read(path).AsSpan().Count('\n')))
            .Where(static file => file.Lines > MostLines)
            .Select(static file => $"{file.Path} has {file.Lines} lines; split it by concern"));

    // 140 columns are the aim (.editorconfig), and a matter of judgement; what is between quotes is as long as it is.
    [Fact]
    public void No_line_is_too_long()
    {
        List<string> found = [];
        foreach (string path in SourceFiles.CSharp)
        {
            int number = 0;
            foreach (string line in SourceFiles.Read(path).Split('\n'))
            {
                number++;
                if (line.Length > MostColumns && Quoted().Replace(line, "").Length > MostColumns && !line.Contains("CREATE TABLE", StringComparison.Ordinal))
                    found.Add($"{path}:{number} has {line.Length} columns");
            }
        }
        Assert.Empty(found);
    }

    // The build checks the rest of the formatting (IDE0055), and .ci/run the ends of lines and files; the order of usings has no analyzer.
    [Fact]
    public void Usings_are_in_order_those_of_System_first()
    {
        List<string> found = [];
        foreach (string path in SourceFiles.CSharp)
        {
            string[] names = [.. PlainUsing().Matches(SourceFiles.Read(path)).Select(static match => match.Groups["name"].Value)];
            string[] sorted = [.. names.OrderBy(static name => name is "System" || name.StartsWith("System.", StringComparison.Ordinal) ? 0 : 1)
                .ThenBy(static name => name, StringComparer.OrdinalIgnoreCase)];
            if (names.Zip(sorted).FirstOrDefault(static pair => pair.First != pair.Second) is { First: { } first, Second: { } wanted })
                found.Add($"{path}: 'using {wanted};' comes before 'using {first};'");
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Types_are_named_for_what_they_are() =>
        Assert.Empty(SourceFiles.CSharp.SelectMany(static path => VagueType().Matches(SourceFiles.Read(path)).Select(match => $"{path}: {match.Groups["name"].Value}")));

    [Fact]
    public void No_file_names_a_place_on_one_machine()
    {
        List<string> found = [];
        foreach (string path in Text)
        {
            string text = SourceFiles.Read(path);
            found.AddRange(Foreign.Where(part => text.Contains(part, StringComparison.OrdinalIgnoreCase)).Select(part => $"{path}: {part}"));
        }
        Assert.Empty(found);
    }

    [Fact]
    public void Every_error_code_is_explained()
    {
        string source = SourceFiles.Read("src/Seguro.Core/Errors/ErrorCode.cs");
        string reference = SourceFiles.All.Contains("docs/reference.md") ? SourceFiles.Read("docs/reference.md") : "";
        foreach (ErrorCode code in Enum.GetValues<ErrorCode>())
        {
            Assert.Matches($@"/// <summary>[^\n]+</summary>\n    {code} = {(int)code},", source);
            if (reference.Length > 0 && code is not ErrorCode.None)
                Assert.Contains($"SG{(int)code}", reference, StringComparison.Ordinal);
        }
        Assert.Equal(Enum.GetValues<ErrorCode>().Length, Enum.GetNames<ErrorCode>().Length);
    }

    [Fact]
    public void Error_codes_say_their_exit_code() =>
        Assert.All(Enum.GetValues<ErrorCode>().Where(static code => code is not ErrorCode.None), static code => Assert.InRange((int)code / 1000, 1, 4));

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum)\s+(?<name>\w*(?:Manager|Helper|Helpers|Utils|Util)\b)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex VagueType();

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""", RegexOptions.None, 5000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^(?:global )?using (?<name>[\w.]+);", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 5000)]
    private static partial Regex PlainUsing();
}
