using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Node;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro run</c>: one member of a cluster, until it is told to end.</summary>
internal static class RunCommand
{
    private static readonly Option<bool> Check = new("--check") { Description = "Only read the configuration and the files that it names, print what is in force, and end." };

    public static Command Create(Terminal terminal) =>
        new Command("run", "Run a member of a cluster, until Ctrl-C or SIGTERM; a master hands over first. Example: seguro run -c seguro.json --set lease=2s")
        {
            AdminTarget.Configuration, AdminTarget.Set, Check,
        }.Does(terminal, async (parse, cancel) =>
        {
            bool json = parse.GetValue(CommonOptions.Json);
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse, parse.GetValue(AdminTarget.Set) ?? []);
            Print(terminal, json, configuration);
            if (parse.GetValue(Check))
            {
                SeguroNode.Check(configuration);
                return 0;
            }
            terminal.Outlive();
            Lock printing = new();
            await SeguroNode.RunAsync(
                configuration,
                text =>
                {
                    lock (printing)
                        PrintNotice(terminal, json, text);
                },
                cancel);
            PrintNotice(terminal, json, $"{configuration.Self.Name} ended.");
            return 0;
        });

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

    private static void PrintNotice(Terminal terminal, bool json, string text)
    {
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        if (json)
            terminal.Json(new { time = now, notice = text });
        else
            terminal.Output.WriteLine($"{now} {text}");
        terminal.Output.Flush();
    }
}
