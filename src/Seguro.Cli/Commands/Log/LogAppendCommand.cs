using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Log;

/// <summary><c>seguro log append</c>: raw bytes as events.</summary>
internal static class LogAppendCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> files = new("FILE") { Description = "A file with the payload of an event; '-', or no file, is standard input. Several files are several events.", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> create = new("--create") { Description = "Make the log where the store has none (of a fake ship)." };
        return new Command("append", "Append events: each file's bytes are one event.") { files, create }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            string[] paths = parse.GetValue(files) is { Length: > 0 } named ? named : ["-"];
            if (paths.Count(static path => path == "-") > 1)
                throw new SeguroException(ErrorCode.Usage, "standard input is named twice", "Name '-' once.");
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, parse.GetValue(create), cancel);
            await using EventLog log = parse.GetValue(create)
                ? await CreateLogAsync(parse, store, cancel)
                : await CommonOptions.OpenLogAsync(parse, store, cancel);
            await using WriterLease lease = await WriterLease.AcquireAsync(log, "append", CommonOptions.LeaseDuration, TimeProvider.System, cancel);
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
            Position head = (await log.ReadStateAsync(cancel)).Head.Position;
            ulong before = head.Number.Value;
            foreach (string path in paths)
            {
                await using PayloadFile payload = await PayloadFile.OpenAsync(terminal, path, cancel);
                AppendResult result = await log.AppendAsync(lease.Term, head, payload.Size, payload.ReadAsync(both.Token), both.Token);
                head = result.IsCommitted ? result.Reached : throw NotCommitted(log, result);
            }
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { ship = log.Ship.Name, first = before + 1, head = head.Number.Value, term = lease.Term.Value, chain = head.Chain.ToString() });
            else
                terminal.Output.WriteLine($"{log.Ship}: events {before + 1} to {head.Number} are {log.Capabilities.CommitMeans}; chain {head.Chain}");
            return 0;
        });
    }

    private static async Task<EventLog> CreateLogAsync(ParseResult parse, IStore store, CancellationToken cancel)
    {
        string name = parse.GetValue(CommonOptions.Ship)
            ?? throw new SeguroException(ErrorCode.Usage, "--create needs the ship's name", "Name it with --ship.");
        UInt128 who = ShipName.Parse(name);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = PierMetadata.Write(new PierIdentity(who, IsFake: true, Life: 0));
        return new EventLog(await store.CreateLogAsync(ShipName.ToShip(who), Position.Origin, metadata, cancel), store.Capabilities);
    }

    private static SeguroException NotCommitted(EventLog log, AppendResult result) => result.Outcome switch
    {
        WriteOutcome.Fenced fenced => new(
            ErrorCode.Fenced, $"the log of {log.Ship} is written by another now ({fenced.Current}); committed up to event {result.Reached.Number}", "Stop the other writer, or let it write."),
        WriteOutcome.Conflict conflict => new(
            ErrorCode.Conflict, $"the log of {log.Ship} moved to {conflict.Current.Head.Position} meanwhile", "Run the command again."),
        WriteOutcome.Unknown unknown => new(
            ErrorCode.OutcomeUnknown, $"it is not known whether event {result.Reached.Number.Next} of {log.Ship} was committed: {unknown.Cause}", "Look with `seguro log head` when the database is back, before you append again."),
        _ => throw new InvalidOperationException(result.Outcome.ToString()),
    };
}
