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
        SurvivingLog best = await BestAsync(logs, parse.GetValue(Choose) is { } chosen ? Path.GetFullPath(chosen) : null, cancel);
        Position head = best.Head!.Value;
        ulong lost = logs.Max(static log => log.Claims) - head.Number.Value;
        if (!json)
        {
            foreach (SurvivingLog log in logs)
                terminal.Output.WriteLine($"{log.Folder}: {(log.Problem is { } problem ? $"can't be used: {problem}" : $"verified up to {log.Head}")}");
            terminal.Output.WriteLine($"The cluster's log will end at {head}, as in {best.Folder}.");
            terminal.Output.WriteLine(lost > 0
                ? $"Lost for certain: {lost} events up to {head.Number.Value + lost}, which a log that can't be used says that it has."
                : "No log here has more. What was committed in the lost nodes after that, and reached none of these members, can't be known here: other ships may have seen its effects.");
        }
        ClusterRecovery.Check(configuration);
        if (!parse.GetValue(Yes))
            throw new SeguroException(ErrorCode.Unconfirmed, "nothing was done yet", "Look for more members' data folders (--log). If there are none, add --yes.");
        string? aside = await ClusterRecovery.BuildAsync(configuration, best, cancel);
        if (json)
        {
            terminal.Json(new
            {
                member = configuration.Self.Name,
                head = head.Number.Value,
                chain = head.Chain.ToString(),
                lost,
                folder = best.Folder,
                aside,
                logs = logs.Select(static log => new { folder = log.Folder, head = log.Claims, verified = log.Problem is null, problem = log.Problem }),
            });
            return 0;
        }
        terminal.Output.WriteLine($"The new database stands.{(aside is null ? "" : $" The old node's data is in {aside}.")}");
        terminal.Output.WriteLine("Start this member. On each other: change its configuration likewise, move 'dqlite' and 'dqlite-started' out of its folder, and start it. Start the balancer anew: terms begin again.");
        return 0;
    }

    private static async Task<SurvivingLog> BestAsync(List<SurvivingLog> logs, string? chosen, CancellationToken cancel)
    {
        List<SurvivingLog> good = [.. logs.Where(static log => log.Head is not null)];
        if (chosen is not null)
            return good.FirstOrDefault(log => log.Folder == chosen) ?? throw new SeguroException(ErrorCode.Corrupt, $"the log in {chosen} can't be used: {logs.First(log => log.Folder == chosen).Problem}", "Choose another folder.");
        SurvivingLog best = good.MaxBy(static log => log.Head!.Value.Number)
            ?? throw new SeguroException(ErrorCode.Corrupt, $"none of the {logs.Count} logs can be used: {string.Join("; ", logs.Select(static log => $"{log.Folder}: {log.Problem}"))}", "Find another member's data folder, or a backup, and name it with --log.");
        foreach (SurvivingLog other in good)
        {
            if (other != best && !await best.AgreesAsync(other, cancel))
            {
                throw new SeguroException(
                    ErrorCode.Diverged, $"the logs in {best.Folder} (up to {best.Claims}) and {other.Folder} (up to {other.Claims}) have different events: one ends with what its member computed and the cluster never got",
                    "A member that was replica at the end has only what was committed: name its folder with --choose.");
            }
        }
        return best;
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
