using System.CommandLine;
using System.Text;
using Seguro.Cli.Output;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro man</c>: the manual page, made of what <c>--help</c> says.</summary>
internal static class ManCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("man", "Print the manual page (roff): all verbs with their options, as --help has them. Example: seguro man | man -l -").Does(terminal, (parse, _) =>
        {
            terminal.Output.Write(Page(parse.RootCommandResult.Command));
            return Task.FromResult(0);
        });

    /// <summary>The page.</summary>
    internal static string Page(Command root)
    {
        StringBuilder page = new();
        page.Append(".TH SEGURO 1 \"\" \"Seguro\" \"User Commands\"\n.SH NAME\nseguro \\- keeps an Urbit ship's event log so that the ship can't be lost\n");
        page.Append(".SH SYNOPSIS\n.B seguro\n.I VERB\n[\\fIOPTION\\fR ...]\n.SH DESCRIPTION\n.nf\n").Append(Text(root.Description)).Append("\n.fi\n.SH VERBS\nAll take \\fB\\-\\-json\\fR and \\fB\\-\\-help\\fR.\n");
        foreach ((string path, Command verb) in Verbs(root, "seguro"))
            Describe(page, path, verb);
        page.Append(".SH EXIT STATUS\n0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 nobody read standard output to its end.\n");
        page.Append(".SH FILES\n.TP\n.I seguro.json\nA member's configuration, in the folder that the command is run in unless \\fB\\-c\\fR names it.\n");
        return page.ToString();
    }

    private static IEnumerable<(string Path, Command Verb)> Verbs(Command command, string path)
    {
        if (command.Subcommands.Count == 0 || command.Action is not null)
            yield return (path, command);
        foreach (Command child in command.Subcommands)
        {
            foreach ((string, Command) verb in Verbs(child, $"{path} {child.Name}"))
                yield return verb;
        }
    }

    private static void Describe(StringBuilder page, string path, Command verb)
    {
        if (verb is RootCommand)
            return;
        page.Append(".SS ").Append(Text(path));
        foreach (Argument argument in verb.Arguments)
            page.Append(' ').Append(Text(argument.Name)).Append(argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "");
        page.Append('\n').Append(Text(verb.Description)).Append('\n');
        foreach (Argument argument in verb.Arguments)
            page.Append(".TP\n.I ").Append(Text(argument.Name)).Append('\n').Append(Text(argument.Description)).Append('\n');
        foreach (Option option in verb.Options)
        {
            page.Append(".TP\n\\fB").Append(Text(string.Join(", ", option.Aliases.Prepend(option.Name)))).Append("\\fR");
            page.Append(option.HelpName is { } help ? $" \\fI{Text(help)}\\fR" : "").Append('\n').Append(Text(option.Description)).Append(option.Required ? " Must be given." : "").Append('\n');
        }
    }

    /// <summary>As roff reads it literally: no escapes, no line that begins with a dot or a quote, hyphens that stay hyphens.</summary>
    private static string Text(string? text)
    {
        string escaped = (text ?? "").ReplaceLineEndings("\n").Trim().Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return string.Join('\n', escaped.Split('\n').Select(static line => line.Length > 0 && line[0] is '.' or '\'' ? "\\&" + line : line));
    }
}
