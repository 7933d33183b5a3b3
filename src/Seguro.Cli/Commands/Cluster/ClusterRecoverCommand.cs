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
    private static readonly Option<string?> FollowFile = new("--follow") { Description = "Only make this member, whose machine is another one, follow a recovery: with the recovered.json that it wrote.", HelpName = "FILE" };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Do it; without this, only say what would be done and lost." };

    public static Command Create(Terminal terminal) =>
        new Command("recover", "Build a new database from the most advanced local log, when more than half of the dqlite nodes are lost for ever, and change the members' configurations to it. All members must be stopped.")
        {
            AdminTarget.Configuration, AdminTarget.Set, Logs, Choose, FollowFile, Yes,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse, parse.GetValue(AdminTarget.Set) ?? []);
            _ = configuration.Ship; // refuses what holds many, whose list would be lost
            ClusterRecovery.Check(configuration);
            if (parse.GetValue(FollowFile) is { } recovered)
                return await FollowAsync(terminal, parse, configuration, recovered, cancel);
            string[] folders = [.. new[] { configuration.Folder }
                .Concat((parse.GetValue(Logs) ?? []).Concat(parse.GetValue(Choose) is { } chosen ? [chosen] : []).Select(Path.GetFullPath))
                .Distinct(StringComparer.Ordinal)];
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
        bool isOther = ClusterRecovery.NeedsOtherSettings(configuration);
        if (isOther && !json)
            terminal.Output.WriteLine($"The database gets another name than '{configuration.Database}', and each member another dqlite address and number where it needs one: the old nodes may wake.");
        if (!parse.GetValue(Yes))
            throw new SeguroException(ErrorCode.Unconfirmed, "nothing was done yet", "Look for more members' data folders (--log). If there are none, add --yes.");
        string file = Path.GetFullPath(parse.GetRequiredValue(AdminTarget.Configuration));
        string settings = Path.Combine(Path.GetDirectoryName(file)!, RecoveredSettings.FileName);
        RecoveredSettings.Write(settings, isOther ? RecoveredSettings.Make(configuration) : RecoveredSettings.Of(configuration));
        configuration = RecoveredSettings.Apply(file, RecoveredSettings.Read(settings), parse.GetValue(AdminTarget.Set) ?? []);
        string? aside = await ClusterRecovery.BuildAsync(configuration, plan.Best, plan.Effects, plan.Term, cancel);
        string[] following = [.. logs.Select(static log => log.Folder).Where(folder => folder != configuration.Folder).Select(folder => Follow(folder, configuration, settings)).OfType<string>()];
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
                database = configuration.Database,
                settings,
                following,
                logs = plan.Logs.Select(static log =>
                    new { folder = log.Log.Folder, head = log.Log.Claims, verified = log.Log.Problem is null, problem = log.Log.Problem, kept = log.Kept.Value, dropped = log.Dropped }),
            });
            return 0;
        }
        terminal.Output.WriteLine($"The new database '{configuration.Database}' stands.{(aside is null ? "" : $" The old node's data is in {aside}.")}");
        terminal.Output.WriteLine($"Start this member{(following.Length == 0 ? "" : $", and those that follow it already: {string.Join(", ", following)}")}.");
        if (following.Length + 1 < configuration.Members.Count)
            terminal.Output.WriteLine($"On each other machine, with a copy of {settings}:\n  seguro cluster recover -c seguro.json --follow {RecoveredSettings.FileName}\nthen start its member. Let the new ports through where a firewall stands between.");
        terminal.Output.WriteLine(plan.Term == Term.None
            ? "Start the balancer anew: no member has recorded a term, so terms begin again, and it drops effects of those that it has seen."
            : $"Terms go on above {plan.Term}: the balancer can stay as it is.");
        return 0;
    }

    /// <summary>A member that is to follow, on its own machine.</summary>
    private static async Task<int> FollowAsync(Terminal terminal, ParseResult parse, NodeConfiguration configuration, string recovered, CancellationToken cancel)
    {
        await RefuseRunningAsync(configuration.Folder, configuration, cancel);
        IReadOnlyDictionary<string, string> settings = RecoveredSettings.Read(recovered);
        if (!settings.ContainsKey($"members:{configuration.Self.Name}:id"))
            throw new SeguroException(ErrorCode.BadValue, $"{recovered} does not name {configuration.Self.Name}", "Copy the file of this cluster; a member that was added later is added anew: seguro cluster add.");
        configuration = RecoveredSettings.Apply(Path.GetFullPath(parse.GetRequiredValue(AdminTarget.Configuration)), settings, parse.GetValue(AdminTarget.Set) ?? []);
        string? aside = ClusterRecovery.Follow(configuration);
        if (parse.GetValue(CommonOptions.Json))
            terminal.Json(new { member = configuration.Self.Name, database = configuration.Database, aside });
        else
            terminal.Output.WriteLine($"{configuration.Self.Name} follows the recovered database '{configuration.Database}'.{(aside is null ? "" : $" Its old node's data is in {aside}.")} Start it.");
        return 0;
    }

    /// <summary>A member whose folder is on this machine, beside its configuration; its name, or <see langword="null"/> where that is not so.</summary>
    private static string? Follow(string folder, NodeConfiguration first, string settings)
    {
        string file = Path.Combine(Path.GetDirectoryName(folder) ?? folder, ConfigurationReader.DefaultFile);
        if (!File.Exists(file) || ConfigurationReader.Read(file, []) is not { } known || known.Folder != folder || known.Cluster != first.Cluster || known.Self.Name == first.Self.Name)
            return null;
        ClusterRecovery.Follow(RecoveredSettings.Apply(file, RecoveredSettings.Read(settings), []));
        return known.Self.Name;
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
