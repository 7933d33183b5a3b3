using System.CommandLine;
using Seguro.Cli.Demo;
using Seguro.Cli.Output;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro demo</c>: the main job, on real input, with real faults.</summary>
internal static class DemoCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<string?> pier = new("--pier") { Description = "Show it on this pier (only read; a running ship may use it meanwhile).", HelpName = "PIER" };
        return new Command("demo", "See it work: three database nodes here, a ship's log in, the leader killed twice, nothing lost, the log out.") { pier }
            .Does(terminal, async (parse, cancel) =>
            {
                string folder = Directory.CreateTempSubdirectory("seguro-demo-").FullName;
                try
                {
                    using DemoInput input = DemoInput.Open(parse.GetValue(pier), folder);
                    DemoResult result = await new DemoRun(terminal, input, folder, parse.GetValue(CommonOptions.Json)).RunAsync(cancel);
                    if (parse.GetValue(CommonOptions.Json))
                        terminal.Json(result);
                    return result.Lost == 0 && result.Equal ? 0 : 1;
                }
                finally
                {
                    Directory.Delete(folder, recursive: true);
                }
            });
    }
}
