using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster recover</c>: a new database from a member's local log, when more than half of the dqlite nodes are lost for ever.</summary>
internal static class ClusterRecoverCommand
{
    private static readonly Option<string[]> Logs = new("--log") { Description = "The data folder of another member, or a copy of it; as many as there are.", HelpName = "FOLDER", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<string?> Choose = new("--choose") { Description = "The folder whose log is to be the cluster's, where they differ.", HelpName = "FOLDER" };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it; without this, only say what would be done and lost." };

    public static Command Create(Terminal terminal) =>
        new Command("recover", "Build a new database from the most advanced local log, when more than half of the dqlite nodes are lost for ever. All members must be stopped.")
        {
            AdminTarget.Configuration, AdminTarget.Set, Logs, Choose, Yes,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse, parse.GetValue(AdminTarget.Set) ?? []);
            string[] folders = [.. new[] { configuration.Folder }.Concat((parse.GetValue(Logs) ?? []).Concat(parse.GetValue(Choose) is { } chosen ? [chosen] : []).Select(Path.GetFullPath)).Distinct(StringComparer.Ordinal)];
            foreach (string folder in folders)
                await RefuseRunningAsync(folder, configuration, cancel);
            List<SurvivingLog> logs = [];
            try
            {
                foreach (string folder in folders)
                    logs.Add(await SurvivingLog.ExamineAsync(folder, configuration.Ship, ClusterRecovery.WindowOf(configuration), cancel));
                return await RecoverAsync(terminal, parse, configuration, logs, cancel);
            }
            finally
            {
                foreach (SurvivingLog log in logs)
                    await log.DisposeAsync();
            }
        });

    private static async Task<int> RecoverAsync(Terminal terminal, ParseResult parse, NodeConfiguration configuration, List<SurvivingLog> logs, CancellationToken cancel)
    {
        bool json = parse.GetValue(CommonOptions.Json);
        RecoveryPlan plan = await RecoveryPlan.MakeAsync(logs, parse.GetValue(Choose) is { } chosen ? Path.GetFullPath(chosen) : null, cancel);
        Position head = plan.Head;
        if (!json)
        {
            foreach (RecoveredLog log in plan.Logs)
                terminal.Output.WriteLine($"{log.Log.Folder}: {log.Description}.");
            terminal.Output.WriteLine($"The cluster's log will end at {head}, as in {plan.Best.Folder}.");
            if (plan.Certain != EventNumber.None && plan.Certain < head.Number)
                terminal.Output.WriteLine($"Committed for certain were the events up to {plan.Certain}. Those from {plan.Certain.Next} to {head.Number} only a master had; they are kept, whether they were committed or not: their effects may be out.");
            terminal.Output.WriteLine(plan.Lost > 0
                ? $"Lost for certain: {plan.Lost} events, {head.Number.Value + 1} to {head.Number.Value + plan.Lost}, which a log that can't be used says that it has."
                : "No log here has more. What was committed in the lost nodes after that, and reached none of these members, can't be known here: other ships may have seen its effects.");
        }
        ClusterRecovery.Check(configuration);
        if (!parse.GetValue(Yes))
            throw new SeguroException(ErrorCode.Unconfirmed, "nothing was done yet", "Look for more members' data folders (--log). If there are none, add --yes.");
        string? aside = await ClusterRecovery.BuildAsync(configuration, plan.Best, plan.Effects, plan.Term, cancel);
        if (json)
        {
            terminal.Json(new
            {
                member = configuration.Self.Name,
                head = head.Number.Value,
                chain = head.Chain.ToString(),
                certain = plan.Certain.Value,
                lost = plan.Lost,
                term = plan.Term.Value,
                folder = plan.Best.Folder,
                aside,
                logs = plan.Logs.Select(static log => new { folder = log.Log.Folder, head = log.Log.Claims, verified = log.Log.Problem is null, problem = log.Log.Problem, kept = log.Kept.Value, dropped = log.Dropped }),
            });
            return 0;
        }
        terminal.Output.WriteLine($"The new database stands.{(aside is null ? "" : $" The old node's data is in {aside}.")}");
        terminal.Output.WriteLine("Start this member. On each other: change its configuration likewise, move 'dqlite' and 'dqlite-started' out of its folder, and start it.");
        terminal.Output.WriteLine(plan.Term == Term.None
            ? "Start the balancer anew: no member has recorded a term, so terms begin again, and it drops effects of those that it has seen."
            : $"Terms go on above {plan.Term}: the balancer can stay as it is.");
        return 0;
    }

    private static async Task RefuseRunningAsync(string folder, NodeConfiguration configuration, CancellationToken cancel)
    {
        using AdminClient client = new(folder == configuration.Folder ? configuration.AdminSocket : Path.Combine(folder, "admin.sock"));
        StatusReport running;
        try
        {
            running = await client.ReadStatusAsync(cancel);
        }
        catch (SeguroException)
        {
            return; // nobody answers, as it should be
        }
        throw new SeguroException(ErrorCode.UnsafeSettings, $"member {running.Name} runs", "Stop all members first; if they have a master among them, nothing is lost and there is nothing to recover.");
    }
}
