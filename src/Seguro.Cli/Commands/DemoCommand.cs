using System.CommandLine;
using Seguro.Cli.Demo;
using Seguro.Cli.Output;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro demo</c>: a cluster whose master is killed; <c>demo log</c>: a real ship's log in and out of a store whose leader is killed; <c>demo harbor</c>: backed up, lost, restored;
/// <c>demo vere</c>: a ship on stock vere.</summary>
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
        Option<string?> binary = new("--binary") { Description = "The vere to show it with: your urbit, 4.0 or later, as it is.", HelpName = "PATH" };
        Option<string?> pill = new("--pill") { Description = "The pill that a fake ~zod is booted from.", HelpName = "FILE" };
        Option<string?> copied = new("--pier") { Description = "In place of a pill: the pier of a fake ship that is stopped; a copy of it is used.", HelpName = "PIER" };
        Option<string?> standIn = new("--stand-in") { Description = "What stands in for vere where none is named; ./seguro gives it by itself, from the tests of its clone.", HelpName = "PATH" };
        Command vere = new Command("vere", "A ship on stock vere: mirrored while it runs, gated by a cluster, the master killed, all machines lost, restored; a client asks by HTTP all the time.") { binary, pill, copied, standIn }
            .Does(terminal, (parse, cancel) => InFolderAsync(async folder =>
            {
                VereDemoInput input = new(parse.GetValue(binary), parse.GetValue(standIn), parse.GetValue(pill), parse.GetValue(copied));
                VereDemoResult result = await new VereDemo(terminal, input, folder, parse.GetValue(CommonOptions.Json)).RunAsync(cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(result);
                return result is { Lost: 0, MirrorEqual: true, Equal: true } ? 0 : 1;
            }));
        return new Command("demo", "See it work: three members and a balancer here, a client that talks to the ship, the master killed while it talks.") { log, harbor, vere }
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
