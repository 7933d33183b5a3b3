using System.CommandLine;
using Seguro.Cli.Commands.Mirror;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Reading;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor list</c>: what each target has of a ship.</summary>
internal static class HarborListCommand
{
    public static Command Create(Terminal terminal) =>
        new Command("list", "Say what each target has of a ship: events, times, snapshots, objects, bytes. Reads names and the newest manifests only.") { HarborArgument.Targets, HarborArgument.Identity, HarborArgument.Ship }
            .Does(terminal, (parse, cancel) => HarborArgument.WithReaderAsync(parse, terminal, reader =>
            {
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new
                    {
                        ship = reader.Ship.Name,
                        head = reader.Head.Number.Value,
                        chain = reader.Head.Chain.ToString(),
                        targets = reader.Copies.Select(static copy => new
                        {
                            target = copy.Target,
                            first = copy.First.Value,
                            last = copy.Last.Value,
                            time = copy.Time is { } at ? MirrorPrinter.Time(at) : null,
                            objects = copy.Objects,
                            bytes = copy.Bytes,
                            snapshots = copy.Snapshots.Select(static one => one.Value),
                            problem = copy.Problem?.CodeText,
                        }),
                    });
                }
                else
                {
                    foreach (HarborCopy copy in reader.Copies.Where(static copy => copy.Problem is null))
                    {
                        terminal.Fields(
                            ("target", copy.Target),
                            ("events", copy.Last == EventNumber.None ? "none" : $"{copy.First} to {copy.Last}{(copy.Last < reader.Head.Number ? $" (behind: another has {reader.Head.Number})" : "")}"),
                            ("newest", copy.Time is { } time ? MirrorPrinter.Time(time) : null),
                            ("snapshots", copy.Snapshots.Count == 0 ? "none" : string.Join(", ", copy.Snapshots.TakeLast(8))),
                            ("objects", $"{copy.Objects:N0}, {ByteSize.Format(copy.Bytes)}"));
                    }
                }
                return Task.FromResult(reader.Copies.Any(copy => copy.Problem is not null || copy.Last < reader.Head.Number) ? 4 : 0);
            }, cancel));
}
