using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log head</c>: where the log ends, and who may write.</summary>
internal static class LogHeadCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("head", "Say where a log begins and ends, its chain, and who may write.").WithLog().Does(terminal, async (parse, cancel) =>
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            Custody? custody = Custody.Read(await log.Stored.ReadMetadataAsync(cancel));
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(LogSummary.Of(log, state, custody));
                return 0;
            }
            terminal.Fields(
                ("ship", log.Ship.Name),
                ("first", state.First.ToString()),
                ("head", state.IsEmpty ? $"{state.Head.Number} (empty)" : state.Head.Number.ToString()),
                ("term", state.Head.Term.ToString()),
                ("chain", state.Head.Chain.ToString()),
                ("bytes", ByteSize.Format(state.Bytes)),
                ("lease", state.Lease.ToString()),
                ("custody", custody?.ToString()),
                ("store", $"{log.Capabilities.Engine}: a commit is {log.Capabilities.CommitMeans}"));
            return 0;
        });
}
