using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Targets;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor account</c>: what an owner holds at a service, and what was done with it.</summary>
internal static class HarborAccountCommand
{
    private static readonly Argument<string> Service = new("TARGET") { Description = "The service: harbor://HOST:PORT/OWNER?key=FILE, or @FILE with the URL in it." };
    private static readonly Option<bool> Audit = new("--audit") { Description = "Show what was done, too, for ninety days back: when, what, by which key, from where." };

    public static Command Create(Terminal terminal) =>
        new Command("account", "Ask a harbor's service what it holds for an owner, what it may hold, and what was done with it.") { Service, Audit }.Does(terminal, async (parse, cancel) =>
        {
            await using IHarborTarget target = HarborTarget.Open(parse.GetRequiredValue(Service));
            if (target is not IHarborAccount service)
                throw new SeguroException(ErrorCode.BadValue, $"{target.Name} keeps no accounts", "Name a service: harbor://HOST:PORT/OWNER?key=FILE.");
            Dictionary<string, string> account = new(StringComparer.Ordinal);
            await foreach (string line in service.ReadAccountAsync(cancel))
            {
                if (line.Split(' ', 2) is [var name, var value])
                    account[name] = value;
            }
            List<string> audit = [];
            if (parse.GetValue(Audit))
            {
                await foreach (string line in service.ReadAuditAsync(cancel))
                {
                    if (parse.GetValue(CommonOptions.Json))
                        audit.Add(line);
                    else
                        terminal.Output.WriteLine(line);
                }
            }
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { account, audit });
            else
                terminal.Fields([.. account.Select(static one => (one.Key, (string?)one.Value))]);
            return 0;
        });
}
