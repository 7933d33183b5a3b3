using System.CommandLine;
using System.CommandLine.Parsing;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.CommandLine;

/// <summary>What is common to all commands: how a command line is run, and how errors become messages and exit codes.</summary>
internal static class CommandAction
{
    /// <summary><c>--json</c>, everywhere.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print one line of JSON instead of text.", Recursive = true };

    /// <summary>Runs one command line.</summary>
    /// <param name="root">The verbs.</param>
    /// <param name="program">What the user calls it by.</param>
    /// <param name="args">The words after the program's name.</param>
    /// <param name="terminal">Where it prints.</param>
    /// <param name="cancel">Ends it as Ctrl-C does: cleanly.</param>
    /// <returns>The exit code: 0 ok, 1 failed, 2 usage, 3 refused as unsafe, 4 degraded; 141 where nobody read standard output to its end.</returns>
    public static async Task<int> RunAsync(RootCommand root, string program, string[] args, PlainTerminal terminal, CancellationToken cancel)
    {
        ParseResult parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // @FILE is a store's URL
        if (parse.Errors.Count > 0)
        {
            bool json = args.Contains("--json");
            string path = string.Join(' ', PathOf(parse.CommandResult, program));
            terminal.Report(
                new SeguroException(ErrorCode.Usage, string.Join(" ", parse.Errors.Select(static error => error.Message)), $"Try: {path} --help"), json);
            return 2;
        }
        try
        {
            return await parse.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = terminal.Output,
                    Error = terminal.Errors,
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
                },
                cancel);
        }
        catch (OutputClosedException) // the help, or an error's report
        {
            return OutputClosedException.ExitCode;
        }
        catch (SeguroException failed)
        {
            terminal.Report(failed, json: false);
            return failed.ExitCode;
        }
        catch (IOException) // nor can standard error be written: there is nobody to tell
        {
            return 1;
        }
    }

    /// <summary>Sets what the command does; errors become messages and exit codes.</summary>
    public static Command Does(this Command command, PlainTerminal terminal, Func<ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (parse, cancel) =>
        {
            bool json = parse.GetValue(Json);
            try
            {
                return await run(parse, cancel);
            }
            catch (OutputClosedException)
            {
                return OutputClosedException.ExitCode;
            }
            catch (SeguroException error)
            {
                terminal.Report(error, json);
                return error.ExitCode;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                terminal.Report(new SeguroException(ErrorCode.Interrupted, "interrupted", "Run the same command again to go on."), json);
                return 1;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                SeguroException named = FileFault.Reading(parse.CommandResult.Command.Name, error);
                terminal.Report(new SeguroException(named.Code, error.Message, named.NextStep, error), json);
                return named.ExitCode;
            }
#pragma warning disable CA1031 // The last resort: what nobody foresaw still ends with a code and a next step.
            catch (Exception error)
            {
                terminal.Report(
                    new SeguroException(
                        ErrorCode.Unexpected,
                        $"{error.GetType().Name}: {error.Message}",
                        "This is a bug in Seguro. Set SEGURO_TRACE=1 for the place where it happened, and report it.",
                        error),
                    json);
                if (Environment.GetEnvironmentVariable("SEGURO_TRACE") is not null)
                    await terminal.Errors.WriteLineAsync(error.ToString());
                return 1;
            }
#pragma warning restore CA1031
        });
        return command;
    }

    private static Stack<string> PathOf(CommandResult result, string program)
    {
        Stack<string> names = new();
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
                names.Push(command.Command is RootCommand ? program : command.Command.Name);
        }
        return names;
    }
}
