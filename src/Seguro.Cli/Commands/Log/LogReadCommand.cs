using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log read</c>: lists events, or writes their raw bytes.</summary>
internal static class LogReadCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> range = new("EVENTS") { Description = "An event or a range: 7, 7..12, 7.., ..12." };
        Option<bool> raw = new("--raw") { Description = "Write the payload of one event to standard output, byte for byte." };
        Option<string?> output = new("--out") { Description = "Write the payload to FILE; of several events, one file an event into a folder.", HelpName = "FILE" };
        return new Command("read", "List events, or write their raw bytes. Every event is checked against its chain.") { range, raw, output }
            .WithLog()
            .Does(terminal, async (parse, cancel) =>
            {
                EventRange wanted = EventRange.Parse(parse.GetRequiredValue(range));
                await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
                await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
                LogState state = await log.ReadStateAsync(cancel);
                (EventNumber from, EventNumber to) = wanted.Within(state);
                if (parse.GetValue(raw))
                {
                    if (from != to)
                        throw new SeguroException(ErrorCode.Usage, "--raw writes one event, and the range has several", "Use --out FOLDER for several.");
                    await using Stream bytes = terminal.OpenRawOutput();
                    await CopyAsync(log, state, from, bytes, cancel);
                    return 0;
                }
                if (parse.GetValue(output) is { } path)
                    return await WriteFilesAsync(terminal, parse.GetValue(CommonOptions.Json), log, state, from, to, path, cancel);
                await ListAsync(terminal, parse.GetValue(CommonOptions.Json), log, state, from, to, cancel);
                return 0;
            });
    }

    private static async Task ListAsync(
        Terminal terminal, bool json, EventLog log, LogState state, EventNumber from, EventNumber to, CancellationToken cancel)
    {
        await foreach (EventFragment piece in log.StreamAsync(state, from, to, cancel))
        {
            if (piece.IsLast)
                EventLine.Print(terminal, json, piece.Number, piece.Size, piece.Chain);
        }
    }

    private static async Task<int> WriteFilesAsync(
        Terminal terminal, bool json, EventLog log, LogState state, EventNumber from, EventNumber to, string path, CancellationToken cancel)
    {
        bool several = from != to;
        if (several)
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        for (EventNumber number = from; number <= to; number = number.Next)
        {
            EventNumber copied = number;
            await UserFile.WriteAsync(several ? Path.Combine(path, number.ToString()) : path, file => CopyAsync(log, state, copied, file, cancel));
        }
        if (json)
            terminal.Json(new { from = from.Value, to = to.Value, path = Path.GetFullPath(path) });
        else
            terminal.Output.WriteLine(several ? $"events {from} to {to} are in {path}/" : $"event {from} is in {path}");
        return 0;
    }

    private static async Task CopyAsync(EventLog log, LogState state, EventNumber number, Stream target, CancellationToken cancel)
    {
        await foreach (EventFragment piece in log.StreamAsync(state, number, number, cancel))
            await target.WriteAsync(piece.Bytes, cancel);
        await target.FlushAsync(cancel);
    }
}
