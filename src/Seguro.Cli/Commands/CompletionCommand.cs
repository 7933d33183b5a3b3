using System.CommandLine;
using Seguro.Cli.Output;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro completion</c>: a shell's completion, which asks the command itself what may come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of seguro for bash; the command itself says what may come next.
        _seguro() {
            local line
            COMPREPLY=()
            while IFS= read -r line; do
                case $line in
                "${COMP_WORDS[COMP_CWORD]}"*) COMPREPLY+=("$line") ;;
                esac
            done < <(seguro "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
        }
        complete -o default -F _seguro seguro

        """;

    public static Command Create(Terminal terminal)
    {
        Argument<string> shell = new("SHELL") { Description = "bash." };
        shell.AcceptOnlyFromAmong("bash");
        return new Command("completion", "Print a shell's completion. Example: source <(seguro completion bash)") { shell }.Does(terminal, (_, _) =>
        {
            terminal.Output.Write(Bash.ReplaceLineEndings("\n"));
            return Task.FromResult(0);
        });
    }
}
