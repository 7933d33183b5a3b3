using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using Seguro.Cli.Commands.Nouns;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nock;
using Seguro.Nock.Kernels;
using Seguro.Nock.Pills;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Cli.Commands.Ships;

/// <summary><c>seguro ship boot</c>: computes a ship's first events, and begins its log with them.</summary>
internal static class ShipBootCommand
{
    private const string Demo = "demo";

    public static Command Create(Terminal terminal)
    {
        Argument<string> pill = new("PILL") { Description = "A pill's file; or the word demo, for Seguro's own small kernel." };
        Option<string?> fake = new("--fake") { Description = "The ship, with no keys of the real network.", HelpName = "~SHIP" };
        Option<string?> url = new("--store") { Description = "Begin the ship's log in this store, when all is computed; it can be exported to a pier then.", HelpName = "URL" };
        Command command = new(
            "boot",
            "Boot a fake ship from a pill: compute its first events, one line each. A brass pill compiles its own source, which takes very long here. Example: seguro ship boot demo --fake ~zod --store sqlite:zod.db")
        {
            pill, fake, url, CommonOptions.Certificates, CommonOptions.AllowUnsafeSettings,
        };
        return command.Does(terminal, async (parse, cancel) =>
        {
            string from = parse.GetRequiredValue(pill);
            bool json = parse.GetValue(CommonOptions.Json);
            BootSequence sequence;
            UInt128 who;
            if (from == Demo)
            {
                who = ShipOf(parse.GetValue(fake));
                sequence = new BootSequence(DemoKernel.Boot, []);
            }
            else
            {
                Noun noun = await ReadAsync(from, cancel);
                if (Pill.Of(noun) is not Pill.Boot boot)
                {
                    if (parse.GetValue(url) is not null || parse.GetValue(fake) is not null)
                        throw new SeguroException(ErrorCode.BadValue, $"{from} is an ivory pill: the kernel of the runtime's own side, which is no ship and has no log", "Leave --fake and --store out to compute it; take a brass or solid pill for a ship.");
                    return BootIvory(terminal, json, noun, cancel);
                }
                who = ShipOf(parse.GetValue(fake));
                sequence = BootSequence.OfFake(boot, who, DateTimeOffset.UtcNow, RandomNumberGenerator.GetBytes(BootSequence.EntropySize), Version);
            }
            Ship ship = ShipName.ToShip(who);
            if (parse.GetValue(url) is not { } store)
            {
                BootSummary summary = await ComputeAsync(terminal, json, ship, sequence, cancel);
                Report(terminal, json, summary);
                return 0;
            }
            await using IStore opened = await CommonOptions.OpenStoreAsync(parse, terminal, store, StoreUse.Create, cancel);
            await CheckNewAsync(opened, ship, cancel);
            BootSummary computed = await ComputeAsync(terminal, json, ship, sequence, cancel);
            Report(terminal, json, await WriteAsync(opened, ship, new PierIdentity(who, IsFake: true, (uint)sequence.Formulas.Count), sequence, computed, cancel));
            return 0;
        });
    }

    private static string Version => typeof(ShipBootCommand).Assembly.GetName().Version?.ToString(3) ?? "0";

    private static UInt128 ShipOf(string? name) => name is { Length: > 0 }
        ? ShipName.Parse(ShipName.ReadKey(name).Name)
        : throw new SeguroException(ErrorCode.Usage, "which ship is to be booted is not said", "Name a fake one with --fake, such as --fake ~zod.");

    private static async Task<Noun> ReadAsync(string path, CancellationToken cancel)
    {
        if (!File.Exists(path))
            throw new SeguroException(ErrorCode.NotFound, $"there is no file '{path}'", $"Check the path, or write `{Demo}` for Seguro's own small kernel.");
        return Cue.From(await File.ReadAllBytesAsync(path, cancel));
    }

    /// <summary>Computes the runtime's own kernel and prints the mugs that vere prints.</summary>
    private static int BootIvory(Terminal terminal, bool json, Noun pill, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        NockMachine machine = new(new NockOptions { Slog = printed => KernelPrint.Print(terminal, printed) });
        Noun events = ((Pill.Ivory)Pill.Of(pill)).Events;
        if (!json)
            terminal.Output.WriteLine($"lite: arvo formula {NounOutput.Mug((uint)pill.Mug)}");
        ArvoKernel kernel = ArvoKernel.Boot(machine, events, cancel);
        if (json)
        {
            terminal.Json(new { formula = NounOutput.Mug((uint)pill.Mug), core = NounOutput.Mug(kernel.Mug), seconds = Stopwatch.GetElapsedTime(start).TotalSeconds });
            return 0;
        }
        terminal.Output.WriteLine($"lite: core {NounOutput.Mug(kernel.Mug)}");
        terminal.Output.WriteLine($"lite: final state {NounOutput.Mug(kernel.Mug)}");
        return 0;
    }

    private static async Task CheckNewAsync(IStore store, Ship ship, CancellationToken cancel)
    {
        if (await store.OpenLogAsync(ship, cancel) is not { } existing)
            return;
        await using EventLog log = new(existing, store.Capabilities);
        LogState state = await log.ReadStateAsync(cancel);
        if (!state.IsEmpty || state.Head.Number != EventNumber.None)
        {
            throw new SeguroException(
                ErrorCode.AlreadyExists, $"the store holds a log of {ship} already, up to event {state.Head.Number}", "Nothing was written. Boot into a store that has none; a ship that was booted twice is two ships.");
        }
    }

    private static async Task<BootSummary> ComputeAsync(Terminal terminal, bool json, Ship name, BootSequence sequence, CancellationToken cancel)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("seguro-boot-");
        try
        {
            long start = Stopwatch.GetTimestamp();
            await using NockShip ship = new(new NockShipOptions
            {
                Folder = folder.FullName,
                Life = sequence.Formulas.Count,
                Machine = new NockOptions { Slog = printed => KernelPrint.Print(terminal, printed) },
            });
            long bytes = 0;
            foreach (Noun made in sequence.Events)
            {
                EventNumber number = ship.Number.Next;
                bool isFormula = number.Value <= (ulong)sequence.Formulas.Count;
                string what = isFormula ? "boot formula" : Axis.At(made, 14) is Atom tag ? NounPrinter.Print(tag, 60) : "event";
                if (number.Value == (ulong)sequence.Formulas.Count)
                    terminal.Note($"computing the kernel of {sequence.Formulas.Count} formulas; Ctrl-C stops it");
                byte[] payload = BootSequence.PayloadOf(made);
                bytes += payload.Length;
                long began = Stopwatch.GetTimestamp();
                Applied applied = await ship.ApplyAsync(number, payload, cancel);
                double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                string? mug = applied.Mug == 0 ? null : NounOutput.Mug(applied.Mug);
                if (json)
                    terminal.Json(new { number = number.Value, what, size = payload.Length, mug, milliseconds });
                else
                    terminal.Output.WriteLine($"{number,6}  {what,-14}{payload.Length,12:N0} bytes  {mug ?? "-",8}  {milliseconds,12:N1} ms");
            }
            return new BootSummary(name.Name, sequence.Formulas.Count, ship.Number.Value, bytes, NounOutput.Mug(ship.Mug), Stopwatch.GetElapsedTime(start).TotalSeconds, null, null);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<BootSummary> WriteAsync(IStore store, Ship ship, PierIdentity identity, BootSequence sequence, BootSummary summary, CancellationToken cancel)
    {
        await CheckNewAsync(store, ship, cancel);
        // Half a boot is no ship: nobody may take it for one. Its effects, if it has any, are none of a cluster's.
        ImportMark mark = new(IsComplete: false, new EventNumber(summary.Events));
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(PierMetadata.Write(identity), StringComparer.Ordinal) { [MetadataKey.Import] = mark.ToBytes() };
        await using EventLog log = new(await store.CreateLogAsync(ship, Position.Origin, metadata, cancel), store.Capabilities);
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "boot", CommonOptions.LeaseDuration, BootClock.Instance, cancel);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, lease.Lost);
        AppendResult result = await log.AppendAsync(lease.Term, Position.Origin, [.. sequence.Events.Select(static made => (ReadOnlyMemory<byte>)BootSequence.PayloadOf(made))], both.Token);
        if (!result.IsCommitted)
        {
            throw new SeguroException(
                ErrorCode.Conflict,
                $"the log of {ship} was written up to event {result.Reached.Number} only: {result.Outcome}",
                "A boot can't be continued, for each has entropy of its own. Boot into another store.");
        }
        await LogMetadata.SetAsync(log, lease.Term, MetadataKey.Import, mark.ToBytes(), (mark with { IsComplete = true }).ToBytes(), both.Token);
        return summary with { Store = log.Capabilities.Engine, Chain = result.Reached.Chain.ToString() };
    }

    private static void Report(Terminal terminal, bool json, BootSummary summary)
    {
        if (json)
        {
            terminal.Json(summary);
            return;
        }
        terminal.Output.WriteLine($"{summary.Ship}: booted; {summary.Events} events, {ByteSize.Format(summary.Bytes)}, in {summary.Seconds:N1} s; the mug is {summary.Mug}");
        if (summary.Store is not null)
            terminal.Fields(("store", summary.Store), ("chain", summary.Chain));
    }
}
