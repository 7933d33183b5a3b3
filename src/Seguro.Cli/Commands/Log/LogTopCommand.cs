using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Core;
using Spectre.Console;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log top</c>: what made a log as large as it is.</summary>
internal static class LogTopCommand
{
    private static readonly string[] Names = ["wire", "card", "peer", "agent", "time"];
    private static readonly TimeSpan ByHour = TimeSpan.FromDays(3);

    private static readonly Argument<string> Range = new("EVENTS") { Description = "Only these: 7..12, 7.., ..12.", DefaultValueFactory = static _ => ".." };
    private static readonly Option<string> By = new("--by")
    {
        Description = "What to count by: wire, card, peer (who sent a packet), agent (what it was for), time (hours, or days of a longer log); several with commas between.",
        HelpName = "WHAT",
        DefaultValueFactory = static _ => "wire,card,peer,agent,time",
    };

    private static readonly Option<int> Limit = new("--limit") { Description = "Show the N with the most bytes of each.", HelpName = "N", DefaultValueFactory = static _ => 10 };

    public static Command Create(Terminal terminal) =>
        new Command("top", "Say which wires, cards, peers, agents and hours made a log's events and bytes. Of a pier, also one in use: --store lmdb:PIER. Example: seguro log top --store lmdb:zod")
        {
            Range, By, Limit,
        }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            string[] by = [.. parse.GetRequiredValue(By).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
            if (by.Length == 0 || by.Except(Names).Any())
                throw new SeguroException(ErrorCode.BadValue, $"--by {parse.GetValue(By)}", $"Use some of {string.Join(", ", Names)}, with commas between.");
            int limit = parse.GetValue(Limit);
            if (limit is < 1 or > 10_000)
                throw new SeguroException(ErrorCode.BadValue, $"--limit {limit}", "Use 1 to 10000.");
            EventRange wanted = EventRange.Parse(parse.GetRequiredValue(Range));
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, StoreUse.Read, cancel);
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            LogState state = await log.ReadStateAsync(cancel);
            LogTop top = new(DecodedEvent.LifeOf(await log.Stored.ReadMetadataAsync(cancel)));
            (EventNumber from, EventNumber to) = wanted.Within(state);
            if (!state.IsEmpty)
                await WorkProgress.InBytesAsync(terminal, $"read {log.Ship}", state.Bytes, report => top.ReadAsync(log, state, from, to, report, cancel));
            if (parse.GetValue(CommonOptions.Json))
            {
                terminal.Json(new
                {
                    ship = log.Ship.Name,
                    from = from.Value,
                    to = to.Value,
                    events = top.Events,
                    bytes = top.Bytes,
                    explained = top.Bytes == 0 ? 1 : Math.Round((double)top.Explained / top.Bytes, 4),
                    by = by.ToDictionary(static name => name, name => RowsOf(top, name, limit).Select(row => new { name = row.Name, events = row.Events, bytes = row.Bytes })),
                });
                return 0;
            }
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{log.Ship}: {top.Events:N0} events, {ByteSize.Format(top.Bytes)}, {(top.Bytes == 0 ? 1 : (double)top.Explained / top.Bytes):P1} of the bytes explained"));
            foreach (string name in by)
                Print(terminal, name, RowsOf(top, name, limit), top.Bytes);
            return 0;
        });

    private static IReadOnlyList<TopRow> RowsOf(LogTop top, string name, int limit) => name switch
    {
        "wire" => top.Wires.Largest(limit),
        "card" => top.Cards.Largest(limit),
        "peer" => top.Peers.Largest(limit),
        "agent" => top.Agents.Largest(limit),
        _ => (top.Span > ByHour ? top.Days : top.Hours).ByName(),
    };

    private static void Print(Terminal terminal, string name, IReadOnlyList<TopRow> rows, long bytes)
    {
        Table table = new Table().Border(TableBorder.Simple)
            .AddColumn(name).AddColumn("events", static column => column.RightAligned()).AddColumn("bytes", static column => column.RightAligned()).AddColumn("share", static column => column.RightAligned());
        foreach (TopRow row in rows)
        {
            table.AddRow(
                new Text(row.Name),
                new Text(row.Events.ToString("N0", CultureInfo.InvariantCulture)),
                new Text(ByteSize.Format(row.Bytes)),
                new Text((bytes == 0 ? 0 : (double)row.Bytes / bytes).ToString("P1", CultureInfo.InvariantCulture)));
        }
        terminal.Out.Write(table);
    }
}
