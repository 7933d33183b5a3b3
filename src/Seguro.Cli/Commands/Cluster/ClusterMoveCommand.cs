using System.CommandLine;
using Seguro.Cli.Commands.Log;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster move</c>: a running ship's log, and the right to go on with it, to another cluster's store.</summary>
internal static class ClusterMoveCommand
{
    private static readonly Option<string> To = new("--to") { Description = "The store of the other cluster, which was made with --import and waits for the log.", HelpName = "URL", Required = true };
    private static readonly Option<string?> Certificates = new("--certificates") { Description = "The folder with the other cluster's certificates, for dqlite:// and etcd://.", HelpName = "FOLDER" };

    public static Command Create(Terminal terminal) =>
        new Command("move", "Hand a running ship over to another cluster: copies its log from this member's own, pauses this cluster for good, copies the rest. Run it on a member's machine; run again, it goes on.")
        {
            To, Certificates, AdminTarget.Configuration,
        }.Does(terminal, async (parse, cancel) =>
        {
            NodeConfiguration configuration = AdminTarget.ReadConfiguration(parse);
            StoreUrl url = StoreUrl.Parse(parse.GetRequiredValue(To));
            using AdminClient client = new(configuration.AdminSocket);
            StatusReport status = await client.ReadStatusAsync(cancel);
            await using IStore target = await StoreConnection.OpenAsync(url, new StoreOptions { Create = true, Certificates = parse.GetValue(Certificates) }, cancel);
            // The member holds the pier and writes to it; who only reads takes no lock.
            await using IStore own = await StoreConnection.OpenAsync(StoreUrl.Parse("lmdb:" + Path.Combine(configuration.Folder, "pier")), new StoreOptions { ReadOnly = true }, cancel);
            await using EventLog source = new(
                await own.OpenLogAsync(configuration.Ship, cancel) ?? throw new SeguroException(ErrorCode.NoSuchLog, $"{status.Name} has no log of {configuration.Ship} of its own", "Ask another member."), own.Capabilities);
            if (status.Pause is null)
                await LogCopyCommand.RunAsync(terminal, source, target, cancel);
            StatusReport paused = await ClusterPauseCommand.PauseAsync(client, ClusterSettings.Moved + url.Engine, cancel);
            LogCopyResult result = await LogCopyCommand.RunAsync(terminal, source, target, cancel);
            if (result.Head.Number.Value != paused.Durable.Event || result.Head.Chain.ToString() != paused.Durable.Chain)
            {
                throw new SeguroException(
                    ErrorCode.Different, $"the copy ends at event {result.Head.Number}, and this cluster at {paused.Durable.Event}",
                    "Run the command again. To stay with this cluster: seguro cluster resume --despite moved, and remove the copy.");
            }
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(LogCopyCommand.Summary(source, result));
            else
                terminal.Output.WriteLine($"{configuration.Ship} is handed over at event {result.Head.Number}; this cluster stays paused. The other cluster's members go on by themselves. Give its balancer the public address, then stop these members.");
            return 0;
        });
}
