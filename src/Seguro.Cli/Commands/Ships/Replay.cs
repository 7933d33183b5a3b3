using System.Buffers.Binary;
using System.Diagnostics;
using Seguro.Cli.Commands.Nouns;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nock;
using Seguro.Nock.Ships;
using Seguro.Piers.Transfer;

namespace Seguro.Cli.Commands.Ships;

/// <summary>The computation of a log's events, from the nearest state that there is.</summary>
internal sealed class Replay(Terminal terminal, EventLog log, LogState state, EventNumber last)
{
    private int _life;

    /// <summary>Where snapshots are; <see langword="null"/>: none are kept.</summary>
    public string? Folder { get; init; }

    /// <summary>How many events there are between two snapshots.</summary>
    public required ulong Every { get; init; }

    /// <summary>An exported state to begin with, and the event after which it stands.</summary>
    public (string File, EventNumber Number)? State { get; init; }

    /// <summary>Show what the kernel prints after its boot, too?</summary>
    public bool ShowsPrints { get; init; }

    /// <summary>Computes up to the last event, or to the first that fails; what was computed before is kept as a snapshot either way.</summary>
    public async Task<ReplayResult> RunAsync(CancellationToken cancel)
    {
        uint life = PierMetadata.Read(log.Ship, await log.Stored.ReadMetadataAsync(cancel)).Life;
        if (life is 0 or > int.MaxValue)
            throw new SeguroException(ErrorCode.BadEvent, $"the log of {log.Ship} has no boot (its metadata 'life' is {life}): its events are not a ship's", "Replay a log that was imported from a pier, or made by `seguro ship boot`.");
        _life = (int)life;
        DirectoryInfo? temporary = Folder is null ? Directory.CreateTempSubdirectory("seguro-replay-") : null;
        try
        {
            bool isBooted = false;
            NockShipOptions options = new()
            {
                Folder = Folder ?? temporary!.FullName,
                Life = _life,
                Start = State is { } exported ? new ExportedState(exported.File, await PositionAsync(exported.Number, cancel)) : null,
                Report = terminal.Warn,
                Machine = new NockOptions
                {
                    Slog = printed =>
                    {
                        if (ShowsPrints || !isBooted)
                            KernelPrint.Print(terminal, printed);
                    },
                },
            };
            await using NockShip ship = new(options);
            Position start = await RestoreAsync(ship, cancel);
            isBooted = start.Number.Value >= life;
            return await ComputeAsync(ship, start, () => isBooted = true, cancel);
        }
        finally
        {
            temporary?.Delete(recursive: true);
        }
    }

    private async Task<ReplayResult> ComputeAsync(NockShip ship, Position start, Action booted, CancellationToken cancel)
    {
        long began = Stopwatch.GetTimestamp();
        Position reached = start;
        Position kept = start;
        ulong checkedMugs = 0;
        try
        {
            await WorkProgress.InEventsAsync(terminal, $"replay {log.Ship}", (long)(last - start.Number), async report =>
            {
                await foreach (Event read in log.ReadAsync(state, start.Number.Next, last, cancel))
                {
                    await ship.ApplyAsync(read.Number, read.Payload, cancel);
                    reached = new Position(read.Number, read.Chain);
                    if (read.Number.Value == (ulong)_life)
                        booted();
                    if (BinaryPrimitives.ReadUInt32LittleEndian(read.Payload.Span) != 0)
                        checkedMugs++;
                    report((long)(reached.Number - start.Number));
                    if (Folder is null || reached.Number - kept.Number < Every)
                        continue;
                    await ship.SnapshotAsync(reached, cancel);
                    kept = reached;
                }
            });
        }
        catch (Exception error) when (error is SeguroException or OperationCanceledException)
        {
            // The next attempt goes on here. It is worth the seconds that it takes, even for somebody who wants to stop.
            if (Folder is not null && reached != kept)
                await ship.SnapshotAsync(reached, CancellationToken.None);
            if (error is SeguroException { Code: ErrorCode.Nondeterministic or ErrorCode.Crashed or ErrorCode.BadEvent } failed)
                throw Stopped(failed, start, reached);
            throw;
        }
        if (Folder is not null && reached != kept)
            await ship.SnapshotAsync(reached, cancel);
        return new ReplayResult(
            log.Ship.Name,
            reached == start ? null : start.Number.Next.Value,
            reached.Number.Value,
            reached.Number - start.Number,
            checkedMugs,
            NounOutput.Mug(ship.Mug),
            Stopwatch.GetElapsedTime(began).TotalSeconds,
            Folder is null ? null : Path.GetFullPath(Folder));
    }

    private SeguroException Stopped(SeguroException failed, Position start, Position reached)
    {
        string before = reached == start ? "it is the first that was computed" : $"events {start.Number.Next} to {reached.Number} were computed, and are as the log has them";
        string next = reached == start && State is not null
            ? "See that the state is of this ship, and after the event that was said. "
            : "See with `seguro log verify` that the log is whole. ";
        return new SeguroException(failed.Code, $"{failed.Message} ({before})", next + failed.NextStep, failed);
    }

    /// <summary>The nearest state at or before the end that is of this very log.</summary>
    private async Task<Position> RestoreAsync(NockShip ship, CancellationToken cancel)
    {
        Position found = await ship.RestoreAsync(last, cancel);
        while (found.Number > EventNumber.None && await PositionAsync(found.Number, cancel) != found)
        {
            terminal.Warn($"a snapshot of event {found.Number} in {Folder} is of another log; it is passed over");
            found = await ship.RestoreAsync(found.Number.Previous, cancel);
        }
        if (found.Number.Next < state.First && found.Number < last)
        {
            throw new SeguroException(
                ErrorCode.Trimmed,
                $"the log of {log.Ship} begins with event {state.First}, and {(found.Number == EventNumber.None ? "there is no state to begin with" : $"the nearest state is that after event {found.Number}")}",
                "Give a state: --from-state FILE, or --snapshot DIR with a snapshot of an event in the log.");
        }
        return found;
    }

    private ValueTask<Position> PositionAsync(EventNumber number, CancellationToken cancel) =>
        number == state.Base.Number ? ValueTask.FromResult(state.Base) : log.ReadPositionAsync(number, cancel);
}
