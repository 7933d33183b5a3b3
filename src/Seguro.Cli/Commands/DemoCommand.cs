using System.CommandLine;
using Seguro.Cli.Demo;
using Seguro.Cli.Output;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro demo</c>: a cluster whose master is killed; <c>demo log</c>: a real ship's log in and out of a store whose leader is killed; <c>demo harbor</c>: backed up, lost, restored.</summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string?> pier = new("--pier") { Description = "Show it on this pier (only read; a running ship may use it meanwhile).", HelpName = "PIER" };
        Command log = new Command("log", "A ship's log into three database nodes here, the leader killed twice, nothing lost, the log out again.") { pier }
            .Does(terminal, (parse, cancel) => InFolderAsync(async folder =>
            {
                using DemoInput input = DemoInput.Open(parse.GetValue(pier), folder);
                DemoResult result = await new DemoRun(terminal, input, folder, parse.GetValue(CommonOptions.Json)).RunAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(result);
                return result.Lost == 0 && result.Equal ? 0 : 1;
            }));
        Option<string?> backedUp = new("--pier") { Description = "Show it on this pier (only read; a running ship may use it meanwhile).", HelpName = "PIER" };
        Command harbor = new Command("harbor", "A ship's log backed up to two harbors while it grows; the machine lost, one harbor corrupted; restored, compared, opened by hand.") { backedUp }
            .Does(terminal, (parse, cancel) => InFolderAsync(async folder =>
            {
                using DemoInput input = DemoInput.Open(parse.GetValue(backedUp), folder);
                HarborDemoResult result = await new HarborDemo(terminal, input, folder, parse.GetValue(CommonOptions.Json)).RunAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(result);
                return result is { Equal: true, Damaged: 1, ByHand: not false } ? 0 : 1;
            }));
        return new Command("demo", "See it work: three members and a balancer here, a client that talks to the ship, the master killed while it talks.") { log, harbor }
            .Does(terminal, (parse, cancel) => InFolderAsync(async folder =>
            {
                ClusterDemoResult result = await new ClusterDemo(terminal, folder, parse.GetValue(CommonOptions.Json)).RunAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(result);
                return result is { Lost: 0, Phantoms: 0, OutOfOrder: 0, Equal: true } ? 0 : 1;
            }));
    }

    private static async Task<int> InFolderAsync(Func<string, Task<int>> run)
    {
        string folder = Directory.CreateTempSubdirectory("seguro-demo-").FullName;
        try
        {
            return await run(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
