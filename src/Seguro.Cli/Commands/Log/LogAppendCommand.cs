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
    /// <summary>Taking an event apart costs some two hundred times its size in memory, so a larger one is not looked at.</summary>
    private const long LargestSeen = 16L << 20;

    public static Command Create(Terminal terminal)
    {
        Argument<string[]> files = new("FILE") { Description = "A file with the payload of an event; '-', or no file, is standard input. Several files are several events.", Arity = ArgumentArity.ZeroOrMore };
        Option<bool> create = new("--create") { Description = "Make the log where the store has none (of a fake ship)." };
        Option<bool> force = new("--force") { Description = "Append bytes that are no event of Urbit: for logs of other things. No ship computes a log with them." };
        return new Command("append", "Append events: each file's bytes are one event, 4 bytes of mug and then jam.") { files, create, force }.WithLog().Does(terminal, async (parse, cancel) =>
        {
            string[] paths = parse.GetValue(files) is { Length: > 0 } named ? named : ["-"];
            if (paths.Count(static path => path == "-") > 1)
                throw new SeguroException(ErrorCode.Usage, "standard input is named twice", "Name '-' once.");
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, parse.GetValue(create) ? StoreUse.Create : StoreUse.Write, cancel);
            List<PayloadFile> payloads = [];
            try
            {
                foreach (string path in paths)
                    payloads.Add(await PayloadFile.OpenAsync(terminal, path, cancel));
                if (!parse.GetValue(force))
                    await CheckAsync(parse, store, paths, payloads, parse.GetValue(create), cancel);
                await using EventLog log = parse.GetValue(create)
                    ? await CreateLogAsync(parse, store, cancel)
                    : await CommonOptions.OpenLogAsync(parse, store, cancel);
                return await AppendAsync(terminal, log, payloads, parse.GetValue(CommonOptions.Json), cancel);
            }
            finally
            {
                foreach (PayloadFile payload in payloads)
                    await payload.DisposeAsync();
            }
        });
    }

    private static async Task<int> AppendAsync(Terminal terminal, EventLog log, List<PayloadFile> payloads, bool json, CancellationToken cancel)
    {
        await using WriterLease lease = await WriterLease.AcquireAsync(log, "append", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        EventNumber first = head.Number.Next;
        foreach (PayloadFile payload in payloads)
        {
            AppendResult result = await log.AppendAsync(lease.Term, head, payload.Size, payload.ReadAsync(both.Token), both.Token);
            head = result.IsCommitted ? result.Reached : throw NotCommitted(log, result);
        }
        if (json)
            terminal.Json(new { ship = log.Ship.Name, first = first.Value, head = head.Number.Value, term = lease.Term.Value, chain = head.Chain.ToString() });
        else
            terminal.Output.WriteLine($"{log.Ship}: events {first} to {head.Number} are {log.Capabilities.CommitMeans}; chain {head.Chain}");
        return 0;
    }

    /// <summary>Refuses what is no event of Urbit, before anything is made or written: no ship could be computed over it.</summary>
    private static async Task CheckAsync(ParseResult parse, IStore store, string[] paths, List<PayloadFile> payloads, bool create, CancellationToken cancel)
    {
        EventNumber next = new(1);
        ulong? life = 0;
        if (!create || (parse.GetValue(CommonOptions.Ship) is { } name && await store.OpenLogAsync(ShipName.ReadKey(name), cancel) is not null))
        {
            await using EventLog log = await CommonOptions.OpenLogAsync(parse, store, cancel);
            next = (await log.ReadStateAsync(cancel)).Head.Number.Next;
            life = DecodedEvent.LifeOf(await log.Stored.ReadMetadataAsync(cancel));
        }
        foreach ((string path, PayloadFile payload) in paths.Zip(payloads))
        {
            string what = path == "-" ? "standard input" : path;
            if (payload.Size > LargestSeen)
            {
                throw new SeguroException(
                    ErrorCode.TooLarge, $"{what} has {payload.Size:N0} bytes, and only up to {LargestSeen:N0} it is looked whether they are an event", "Nothing was appended. Append it unseen with --force.");
            }
            if (DecodedEvent.Of(next, await payload.ReadWholeAsync(cancel), life) is DecodedEvent.Opaque opaque)
            {
                throw new SeguroException(
                    ErrorCode.BadEvent,
                    $"{what} is no event of Urbit: {opaque.Reason}",
                    "Nothing was appended. `seguro log read N --out FILE` writes events as they have to be; other bytes go in with --force.");
            }
            next = next.Next;
        }
    }

    private static async Task<EventLog> CreateLogAsync(ParseResult parse, IStore store, CancellationToken cancel)
    {
        string name = parse.GetValue(CommonOptions.Ship)
            ?? throw new SeguroException(ErrorCode.Usage, "--create needs the ship's name", "Name it with --ship.");
        Ship ship = ShipName.ReadKey(name);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = PierMetadata.Write(new PierIdentity(ShipName.Parse(ship.Name), IsFake: true, Life: 0));
        return new EventLog(await store.CreateLogAsync(ship, Position.Origin, metadata, cancel), store.Capabilities);
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
