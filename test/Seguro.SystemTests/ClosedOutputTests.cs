using System.Diagnostics;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Commands whose output nobody reads to its end: they end, quietly, with what a shell expects; and where it can't be written, they say so.</summary>
public sealed class ClosedOutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("closed");

    private static string Store => $"lmdb:{Path.Combine(SharedData.Path, "zod")}";

    [Theory]
    [InlineData("log read 1.. --json")]
    [InlineData("log read 1..")]
    [InlineData("log show 14..")]
    [InlineData("log tail --from 1")]
    [InlineData("log tail --from 1 --json")]
    public async Task Behind_head_a_command_ends_quietly(string command)
    {
        string outcome = await ShellAsync($"\"$SEGURO\" {command} --store \"$STORE\" 2>errors | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}");
        Assert.Equal("141", outcome);
        Assert.Equal("", await File.ReadAllTextAsync(_folder["errors"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("log tail --store \"$STORE\"")] // though no event comes
    [InlineData("log head --json --store \"$STORE\"")]
    [InlineData("--help")]
    public async Task Into_a_pipe_that_nobody_reads_a_command_ends_quietly(string command)
    {
        // A pipe is opened for reading and writing, then for writing, then the reader goes: the first write finds nobody.
        string outcome = await ShellAsync($"mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; \"$SEGURO\" {command} 2>errors >&4 4>&-; echo $?");
        Assert.Equal("141", outcome);
        Assert.Equal("", await File.ReadAllTextAsync(_folder["errors"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("log head --json")]
    [InlineData("log head")]
    [InlineData("log read 1.. --json")]
    [InlineData("log tail --from 1")]
    [InlineData("log read 1 --raw")]
    public async Task What_can_t_be_written_is_said_where_it_can_be(string command)
    {
        string outcome = await ShellAsync($"\"$SEGURO\" {command} --store \"$STORE\" 2>errors >/dev/full; echo $?");
        Assert.Equal("1", outcome);
        string errors = await File.ReadAllTextAsync(_folder["errors"], TestContext.Current.CancellationToken);
        Assert.Contains("SG1003", errors, StringComparison.Ordinal);
        Assert.Contains("standard output", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_commands_write_one_after_the_other_into_a_file()
    {
        await ShellAsync("(\"$SEGURO\" noun mug 1; \"$SEGURO\" noun mug 2) >both 2>errors");
        Assert.Equal("715c2a60\n718b9468\n", await File.ReadAllTextAsync(_folder["both"], TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> ShellAsync(string script)
    {
        ProcessStartInfo start = new("bash", ["-c", script]) { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = _folder.Path };
        start.Environment["SEGURO"] = SeguroProcess.Program;
        start.Environment["STORE"] = Store;
        using Process shell = Process.Start(start)!;
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output.Trim();
    }
}
