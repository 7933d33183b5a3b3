using System.CommandLine;
using System.Diagnostics;
using Seguro.Cli;
using Seguro.Cli.Commands;
using Seguro.Cli.Output;

namespace Seguro.Tests.Cli;

public sealed class ManCommandTests
{
    [Fact]
    public void Every_verb_and_every_option_is_in_the_manual_page()
    {
        Command root = SeguroCommand.Create(Terminal.OfProcess());
        string page = ManCommand.Page(root).Replace("\\-", "-", StringComparison.Ordinal);
        int verbs = 0;
        Check(root, "seguro");
        Assert.InRange(verbs, 40, 200);
        Assert.DoesNotContain(page.Split('\n'), static line => line.StartsWith('\''));

        void Check(Command command, string path)
        {
            foreach (Command child in command.Subcommands)
                Check(child, $"{path} {child.Name}");
            if (command.Subcommands.Count > 0)
                return;
            verbs++;
            int from = page.IndexOf($".SS {path}", StringComparison.Ordinal);
            Assert.True(from >= 0, path);
            int to = page.IndexOf("\n.SS ", from + 1, StringComparison.Ordinal);
            string part = to < 0 ? page[from..] : page[from..to];
            Assert.All(command.Options, option => Assert.Contains(option.Name, part, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("seguro clus", "cluster")]
    [InlineData("seguro cluster rec", "recover")]
    [InlineData("seguro log head --st", "--store")]
    public async Task The_completion_asks_the_command_what_may_come_next(string line, string next)
    {
        CommandRun suggested = await CommandRun.OfAsync($"[suggest:{line.Length}]", line);
        Assert.Contains(next, suggested.Output.Split('\n'));
        CommandRun script = await CommandRun.OfAsync("completion", "bash");
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-n"]) { RedirectStandardInput = true, UseShellExecute = false })!;
        await bash.StandardInput.WriteAsync(script.Output);
        bash.StandardInput.Close();
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, bash.ExitCode);
        Assert.Contains("complete -o default -F _seguro seguro", script.Output, StringComparison.Ordinal);
    }
}
