using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro dqlite-node</c>: hosts one dqlite node. Members start it by themselves.</summary>
static class DqliteNodeCommand
{
    /// <summary>Runs until the process is told to end (SIGTERM, SIGINT).</summary>
    /// <param name="arguments">What follows the verb.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        using CancellationTokenSource end = new();
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ended);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ended);
        try
        {
            return await DqliteNodeMain.RunAsync(NodeArguments.Read(arguments), Console.Out, end.Token);
        }
        catch (SeguroException error)
        {
            await Console.Error.WriteLineAsync($"{error.CodeText} {error.Message}. {error.NextStep}");
            return error.ExitCode;
        }

        void Ended(PosixSignalContext context)
        {
            context.Cancel = true;
            end.Cancel();
        }
    }
}
