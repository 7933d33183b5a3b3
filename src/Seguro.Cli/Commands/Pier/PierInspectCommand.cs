using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Nouns;
using Seguro.Piers;
using Spectre.Console;

namespace Seguro.Cli.Commands.Pier;

/// <summary><c>seguro pier inspect</c>: what is in a pier. Reads a pier that is held, too; writes nothing.</summary>
internal static class PierInspectCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> path = PierArgument.Source();
        return new Command("inspect", "Say whose pier it is, its events, epochs and runtime, and who holds it.") { path }.Does(terminal, (parse, _) =>
        {
            using Seguro.Piers.Pier pier = Seguro.Piers.Pier.Open(parse.GetRequiredValue(path), PierAccess.Live);
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(Summary(pier.Info));
            else
                Print(terminal, pier.Info);
            return Task.FromResult(0);
        });
    }

    private static object Summary(PierInfo info) => new
    {
        ship = ShipName.Format(info.Identity.Who),
        rank = Lower(ShipName.RankOf(info.Identity.Who)),
        fake = info.Identity.IsFake,
        life = info.Identity.Life,
        path = info.Path,
        layout = LayoutOf(info),
        metaVersion = info.MetaVersion,
        vere = info.VereVersion,
        first = info.First.Value,
        head = info.Last.Value,
        events = info.Count,
        bytes = info.Bytes,
        epochs = info.Epochs.Select(static epoch => new
        {
            start = epoch.Start.Value,
            format = epoch.Format,
            vere = epoch.VereVersion,
            first = epoch.First.Value,
            last = epoch.Last.Value,
            bytes = epoch.Bytes,
        }),
        @lock = new { held = info.Hold.IsHeld, pid = info.Hold.ProcessId },
    };

    private static void Print(Terminal terminal, PierInfo info)
    {
        string name = ShipName.Format(info.Identity.Who);
        terminal.Fields(
            ("ship", $"{name}, a {(info.Identity.IsFake ? "fake " : "")}{Lower(ShipName.RankOf(info.Identity.Who))}"),
            ("life", $"{info.Identity.Life} formulas of the boot"),
            ("first", info.First.ToString()),
            ("head", info.IsEmpty ? $"{info.Last} (empty)" : info.Last.ToString()),
            ("events", $"{info.Count:N0}, {ByteSize.Format(info.Bytes)}"),
            ("vere", info.VereVersion.Length > 0 ? info.VereVersion : "not recorded (below 3.0)"),
            ("layout", LayoutOf(info)),
            ("lock", info.Hold.IsHeld ? info.Hold.ProcessId is { } pid ? $"held by process {pid}" : "held" : "free"));
        if (info.Layout is PierLayout.Flat)
            return;
        Table table = new Table().Border(TableBorder.Simple)
            .AddColumn("epoch").AddColumn("vere").AddColumn("format")
            .AddColumn("events", static column => column.RightAligned()).AddColumn("bytes", static column => column.RightAligned());
        foreach (EpochInfo epoch in info.Epochs)
        {
            table.AddRow(
                new Text($"0i{epoch.Start}"),
                new Text(epoch.VereVersion),
                new Text($"{epoch.Format}"),
                new Text(epoch.IsEmpty ? "none" : $"{epoch.First} to {epoch.Last}"),
                new Text(ByteSize.Format(epoch.Bytes)));
        }
        terminal.Out.Write(table);
    }

    private static string LayoutOf(PierInfo info) => info.Layout switch
    {
        PierLayout.Flat => "flat",
        PierLayout.EpochsV3 => "epochs of vere 3",
        _ => "epochs of vere 4",
    };

    private static string Lower(ShipRank rank) => rank.ToString().ToLowerInvariant();
}
