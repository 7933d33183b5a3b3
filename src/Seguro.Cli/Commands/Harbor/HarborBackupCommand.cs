using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Piers.Transfer;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor backup</c>: brings targets up to a log, once, or for as long as it runs.</summary>
internal static class HarborBackupCommand
{
    private static readonly Option<bool> Follow = new("--follow") { Description = "Go on, until Ctrl-C or SIGTERM: each event is on its way within --within seconds." };
    private static readonly Option<double> Within = new("--within") { Description = "With --follow: how many seconds old an event may become before it is on its way, 0.1 to 3600.", HelpName = "SECONDS", DefaultValueFactory = static _ => 10 };
    private static readonly Option<string?> Snapshots = new("--snapshots") { Description = "Put vere's newest snapshot along, from a pier or a folder: a restore then need not compute all events.", HelpName = "PATH" };

    public static Command Create(Terminal terminal) =>
        new Command("backup", "Put what is new in a ship's log into one or more harbors. The log is that of a store, or of a pier that a vere may run: --store lmdb:PIER.")
        {
            HarborArgument.Targets, HarborArgument.Key, Follow, Within, Snapshots,
        }.WithLog().Does(terminal, (parse, cancel) => HarborArgument.WithTargetsAsync(parse, targets => RunAsync(parse, terminal, targets, cancel)));

    private static async Task<int> RunAsync(ParseResult parse, Terminal terminal, IReadOnlyList<IHarborTarget> targets, CancellationToken cancel)
    {
        double seconds = parse.GetValue(Within);
        if (seconds is not (>= 0.1 and <= 3600))
            throw new SeguroException(ErrorCode.BadValue, "--within is a number of seconds from 0.1 to 3600", "Choose another number.");
        bool json = parse.GetValue(CommonOptions.Json);
        using HostKey host = HostKey.Read(parse.GetRequiredValue(HarborArgument.Key));
        await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
        await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
        BackupOptions options = new()
        {
            Within = TimeSpan.FromSeconds(seconds),
            Tell = (isWarning, text) => HarborPrinter.Notice(terminal, isWarning, text),
        };
        HarborBackup[] backups = [.. targets.Select(target => new HarborBackup(log, target, host, options))];
        try
        {
            if (!parse.GetValue(Follow))
            {
                int code = await OnceAsync(terminal, backups, cancel);
                if (parse.GetValue(Snapshots) is { } where)
                    await SnapshotsAsync(terminal, where, log, backups, targets, host, cancel);
                HarborPrinter.Status(terminal, log.Ship, backups, json);
                return code;
            }
            terminal.Outlive();
            await FollowAsync(backups, cancel);
            HarborPrinter.Status(terminal, log.Ship, backups, json);
            return backups.Any(static backup => backup.Status.IsDegraded) ? 4 : 0;
        }
        finally
        {
            foreach (HarborBackup backup in backups)
                backup.Dispose();
        }
    }

    /// <summary>One target that fails does not keep another from its backup. The first error is the command's, once all were tried; 4 where some target has all.</summary>
    private static async Task<int> OnceAsync(Terminal terminal, HarborBackup[] backups, CancellationToken cancel)
    {
        List<SeguroException> failed = [];
        foreach (HarborBackup backup in backups)
        {
            try
            {
                await backup.CatchUpAsync(cancel);
            }
            catch (SeguroException error)
            {
                failed.Add(error);
                terminal.Report(error, json: false);
            }
        }
        return failed.Count == 0 ? 0 : failed.Count == backups.Length ? failed[0].ExitCode : 4;
    }

    /// <summary>Each target on its own: what ends one for good ends the command, after it was told.</summary>
    internal static async Task FollowAsync(IReadOnlyList<HarborBackup> backups, CancellationToken cancel)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] running = [.. backups.Select(backup => Task.Run(() => backup.RunAsync(ended.Token), CancellationToken.None))];
        Task first = await Task.WhenAny(running);
        await ended.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await first;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It was told to end.
        }
    }

    private static async Task SnapshotsAsync(
        Terminal terminal, string where, EventLog log, HarborBackup[] backups, IReadOnlyList<IHarborTarget> targets, HostKey host, CancellationToken cancel)
    {
        string vere = await Pier.PierArgument.VereOfAsync(null, log, cancel);
        bool isHeld = Seguro.Piers.Pier.FindHolder(where).IsHeld;
        for (int i = 0; i < backups.Length; i++)
        {
            BackupStatus status = backups[i].Status;
            if (status.Archived == EventNumber.None)
                continue;
            if (await SnapshotBackup.RunAsync(where, isHeld, vere, status.Archived, targets[i], host, log.Ship, TimeProvider.System, cancel) is { } put)
                terminal.Note($"{status.Target}: the snapshot after event {put.Event}{(put.IsNew ? "" : " was there already")}");
            else
                terminal.Warn($"{where} has no snapshot that vere {vere} can use after the events that {status.Target} has");
        }
    }
}
