using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor attach</c>: finds out whether targets can be harbors, and says there whose log will come.</summary>
internal static class HarborAttachCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("attach", "Try whether targets keep what a harbor rests on, begin the ship's folder there, and say how far each is. Nothing is backed up yet.") { HarborArgument.Targets, HarborArgument.Key }
            .WithLog().Does(terminal, (parse, cancel) => HarborArgument.WithTargetsAsync(parse, async targets =>
            {
                using HostKey host = HostKey.Read(parse.GetRequiredValue(HarborArgument.Key));
                await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
                await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
                LogState state = await log.ReadStateAsync(cancel);
                List<object> attached = [];
                foreach (IHarborTarget target in targets)
                {
                    await TargetProbe.RunAsync(target, cancel);
                    using HarborBackup backup = new(log, target, host, new BackupOptions { Tell = (_, text) => terminal.Warn(text) });
                    await backup.AttachAsync(cancel);
                    BackupStatus status = backup.Status;
                    attached.Add(new { target = status.Target, archived = status.Archived.Value, head = state.Head.Number.Value });
                    if (!parse.GetValue(CommonOptions.Json))
                        terminal.Output.WriteLine($"ok {status.Target}: {log.Ship} up to event {status.Archived} of {state.Head.Number}");
                }
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { ship = log.Ship.Name, targets = attached });
                return 0;
            }));
}
