using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster pause</c> and <c>resume</c>: the ship computes nothing meanwhile, whoever is master.</summary>
internal static class ClusterPauseCommand
{
    /// <summary>What a moved log's cluster is resumed despite.</summary>
    private const string Moved = "moved";

    private static readonly Option<string> Why = new("--why") { Description = "What `seguro status` shows meanwhile.", HelpName = "TEXT", DefaultValueFactory = static _ => "by an operator" };
    private static readonly Option<string?> Despite = new("--despite") { Description = "moved: although the log was handed over to another cluster.", HelpName = "KIND" };
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    public static Command CreatePause(Terminal terminal) =>
        new Command("pause", "Let the ship compute nothing, whoever is master, until it is resumed; returns when what was computed is committed and its effects are out. What comes in is remembered for ten seconds and then dropped, as by a network.") { Why }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport report = await PauseAsync(client, parse.GetRequiredValue(Why), cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"The cluster is paused after event {report.Committed.Event}. It goes on with: seguro cluster resume");
                return 0;
            });

    public static Command CreateResume(Terminal terminal) =>
        new Command("resume", "Let the ship of a paused cluster compute again; returns when that is in force.") { Despite }.WithMember()
            .Does(terminal, async (parse, cancel) =>
            {
                if (parse.GetValue(Despite) is { } kind && kind != Moved)
                    throw new SeguroException(ErrorCode.BadValue, $"--despite {kind}", $"Write {Moved}, or leave it out.");
                using AdminClient client = AdminTarget.Connect(parse);
                StatusReport report = await client.ResumeAsync(parse.GetValue(Despite) is not null, cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(report);
                else
                    terminal.Output.WriteLine($"The cluster goes on; {report.Name} is master, term {report.Term}.");
                return 0;
            });

    /// <summary>Pauses, and waits until nothing is under way any more.</summary>
    /// <returns>The status of the member that was asked, which has all that was computed.</returns>
    public static async Task<StatusReport> PauseAsync(AdminClient client, string why, CancellationToken cancel)
    {
        StatusReport master = await client.PauseAsync(why, cancel);
        while (true)
        {
            StatusReport status = await client.ReadStatusAsync(cancel);
            if (status is { Quiet: true, Pause: not null } && status.Committed.Event >= master.Committed.Event)
                return status;
            await Task.Delay(Glance, cancel);
        }
    }
}
