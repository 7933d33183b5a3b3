using System.CommandLine;
using Microsoft.Extensions.Logging;
using Seguro.Cli.Output;
using Seguro.Node;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro run</c>: one member of a cluster, or a node with many, until it is told to end.</summary>
internal static class RunCommand
{
    private static readonly Option<bool> Check = new("--check") { Description = "Only read the configuration and the files that it names, print what is in force, and end." };

    public static Command Create(Terminal terminal) =>
        ServiceLog.AddTo(new Command("run", "Run a member of a cluster, or a node with the members of many ships, until Ctrl-C or SIGTERM; masters hand over first. Example: seguro run -c seguro.json --set lease=2s")
        {
            AdminTarget.Configuration, AdminTarget.Set, Check,
        }).Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse, parse.GetValue(AdminTarget.Set) ?? []);
            ServiceLog log = ServiceLog.Of(terminal, parse, parse.GetValue(CommonOptions.Json), Labels(configuration));
            Print(terminal, log.IsJson, configuration);
            if (parse.GetValue(Check))
            {
                SeguroNode.Check(configuration);
                return 0;
            }
            terminal.Outlive();
            using Telemetry? telemetry = Telemetry.Start(configuration.Self.Name, Labels(configuration));
            await SeguroNode.RunAsync(configuration, log, ship => log.Of(ship), cancel);
            log.LogInformation("{Member} ended.", configuration.Self.Name);
            return 0;
        });

    private static (string Name, string Value)[] Labels(NodeConfiguration configuration) => configuration.HoldsMany
        ? [("node", configuration.Self.Name), ("cluster", configuration.Cluster)]
        : [("member", configuration.Self.Name), ("ship", configuration.Ship.Name), ("cluster", configuration.Cluster)];

    private static void Print(Terminal terminal, bool json, NodeConfiguration configuration)
    {
        if (json)
        {
            terminal.Json(new { settings = configuration.Effective });
            return;
        }
        int keys = configuration.Effective.Max(static setting => setting.Key.Length);
        int values = Math.Min(40, configuration.Effective.Max(static setting => setting.Value.Length));
        foreach (EffectiveSetting setting in configuration.Effective)
            terminal.Output.WriteLine($"{setting.Key.PadRight(keys)}  {setting.Value.PadRight(values)}  {setting.Source}");
    }
}
