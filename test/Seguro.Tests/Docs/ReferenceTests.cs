using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Seguro.Cli;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Stores;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Docs;

/// <summary><c>docs/reference.md</c> has every verb with its options, every key, every error code, every metric; and the pages that list engines list all.</summary>
public sealed partial class ReferenceTests
{
    private const string Page = "docs/reference.md";
    private const string Begin = "<!-- commands -->\n";
    private const string End = "<!-- end of commands -->\n";

    private static string Reference => SourceFiles.Read(Page);

    /// <summary>The section is the command's own help; <c>SEGURO_WRITE_DOCS=1</c> writes it anew.</summary>
    [Fact]
    public void Every_verb_and_option_is_there_as_the_command_says_it()
    {
        StringBuilder text = new();
        foreach ((string path, Command verb) in Verbs(SeguroCommand.Create(Terminal.OfProcess()), ""))
            Describe(text, path, verb);
        string page = Reference;
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= Begin.Length && to >= from, $"{Page} has no section between {Begin.Trim()} and {End.Trim()}");
        if (Environment.GetEnvironmentVariable("SEGURO_WRITE_DOCS") is not null)
            File.WriteAllText(Path.Combine(Seguro.Testing.SharedData.Repository, Page), page[..from] + text + page[to..]);
        else
            Assert.True(page[from..to] == text.ToString(), $"The commands in {Page} are not as the command has them. Write them anew: SEGURO_WRITE_DOCS=1 and this test. They are:\n{text}");
    }

    [Fact]
    public void Every_error_code_is_there() => Assert.All(
        Enum.GetValues<ErrorCode>().Where(static code => code is not ErrorCode.None),
        static code => Assert.Contains($"| SG{(int)code:0000} | {code} | ", Reference, StringComparison.Ordinal));

    [Fact]
    public void Every_key_of_the_configuration_is_there_with_its_default() => Assert.All(
        ConfigurationKey.All, static key => Assert.Contains($"| `{key.Name}` | {(string.IsNullOrEmpty(key.Default) ? "" : $"`{key.Default}`")} | {key.Meaning}", Reference, StringComparison.Ordinal));

    [Fact]
    public void Every_metric_is_there()
    {
        string[] metrics = [.. SourceFiles.CSharp.Where(static path => path.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(static path => Instrument().Matches(SourceFiles.Read(path)))
            .Select(static match => match.Groups["name"].Value)];
        Assert.True(metrics.Length > 15, "few metrics were found: are they made otherwise now?");
        Assert.All(metrics, static metric => Assert.Contains($"`{metric}`", Reference, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("docs/databases.md")]
    [InlineData("docs/reference.md")]
    [InlineData("docs/concepts.md")]
    [InlineData("docs/start.md")]
    [InlineData("README.md")]
    public void Every_engine_is_in_the_pages_that_list_them(string page) => Assert.All(
        StoreEngine.All, engine => Assert.Contains(engine.Name, SourceFiles.Read(page), StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(string Path, Command Verb)> Verbs(Command command, string path)
    {
        if (command.Subcommands.Count == 0)
            yield return (path, command);
        foreach (Command child in command.Subcommands)
        {
            foreach ((string, Command) verb in Verbs(child, $"{path} {child.Name}"))
                yield return verb;
        }
    }

    private static void Describe(StringBuilder text, string path, Command verb)
    {
        text.Append("**`seguro").Append(path);
        foreach (Argument argument in verb.Arguments)
            text.Append(' ').Append(argument.Name).Append(argument.Arity.MaximumNumberOfValues > 1 ? " …" : "");
        text.Append("`** ").Append(Cell(verb.Description)).Append("\n\n");
        foreach (Argument argument in verb.Arguments)
            text.Append("* `").Append(argument.Name).Append("`: ").Append(Cell(argument.Description)).Append('\n');
        foreach (Option option in verb.Options)
            text.Append("* `").Append(string.Join("`, `", option.Aliases.Prepend(option.Name))).Append(option.HelpName is { } help ? $" {help}" : "")
                .Append("`: ").Append(Cell(option.Description)).Append(option.Required ? " Must be given." : "").Append('\n');
        if (verb.Arguments.Count + verb.Options.Count > 0)
            text.Append('\n');
    }

    private static string Cell(string? description) => (description ?? "").ReplaceLineEndings(" ").Trim();

    [GeneratedRegex("""\.Create(?:Observable)?(?:Counter|Histogram|Gauge|UpDownCounter)(?:<\w+>)?\(\s*"(?<name>[^"]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Instrument();
}
