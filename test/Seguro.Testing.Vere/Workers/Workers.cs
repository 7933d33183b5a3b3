using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>The workers, by the arguments that a king gives.</summary>
static class Workers
{
    /// <summary>Runs one to its end.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        using Stream input = Console.OpenStandardInput();
        using Stream output = Console.OpenStandardOutput();
        // What else would be written to standard output is no frame.
        Console.SetOut(Console.Error);
        if (Recorder.IsWanted)
            return await Recorder.RunAsync(arguments, input, output);
        switch (WorkerArguments.Read(arguments))
        {
            case WorkerArguments.Mars { Command: "boot" } boot:
                BootWorker.Run(boot, input, output);
                return 0;
            case WorkerArguments.Mars work:
                using (WorkWorker worker = new(work, output))
                    worker.Run(input);
                return 0;
            case WorkerArguments.Serf serf:
                using (SerfWorker worker = new(serf, output))
                    worker.Run(input);
                return 0;
            default:
                throw VereExit.Failed($"urbit: {arguments[0]} is no worker");
        }
    }
}
