using System.CommandLine;
using System.Net;
using System.Text.Json;
using Seguro.Cli.Commands.Pier;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Stores;
using Seguro.Vere.Mirror;

namespace Seguro.Cli.Commands.Mirror;

/// <summary><c>seguro mirror</c>: a copy of a ship's log that follows the pier of a running vere.</summary>
internal static class MirrorCommand
{
    private static readonly Argument<string> Path = PierArgument.Source();
    private static readonly Option<bool> Once = new("--once") { Description = "Copy what the pier has now, and end." };
    private static readonly Option<double> Every = new("--stats") { Description = "Print how it stands every so many seconds; it is always printed at the end.", HelpName = "SECONDS" };
    private static readonly Option<string?> Metrics = new("--metrics") { Description = "Serve /metrics (Prometheus), /status and /health to this machine, such as 127.0.0.1:9464.", HelpName = "IP:PORT" };
    private static readonly Option<string[]> Harbors = new("--harbor") { Description = "Back the log up to this target, too, within --harbor-within seconds; may be given several times. A target that is away holds nothing up. `seguro harbor attach` says how to write it.", HelpName = "TARGET" };
    private static readonly Option<string?> HarborKey = new("--harbor-key") { Description = "The host's key file, which `seguro harbor key new` made.", HelpName = "FILE" };
    private static readonly Option<double> HarborWithin = new("--harbor-within") { Description = "How many seconds old an event may become before it is on its way to a harbor, 0.1 to 3600.", HelpName = "SECONDS", DefaultValueFactory = static _ => 10 };
    private static readonly Option<bool> Systemd = new("--systemd") { Description = "Print a systemd unit that runs this command line, and end." };

    public static Command Create(Terminal terminal)
    {
        Command command = new(
            "mirror",
            "Keep a copy of a ship's log in a store, beside a vere that runs or does not; until Ctrl-C or SIGTERM. The pier is only read. Example: seguro mirror zod --store sqlite:zod.db")
        {
            Path, Once, Every, Metrics, Harbors, HarborKey, HarborWithin, Systemd, MirrorStatusCommand.Create(terminal),
        };
        return command.WithLog().Does(terminal, (parse, cancel) => RunAsync(parse, terminal, cancel));
    }

    private static async Task<int> RunAsync(ParseResult parse, Terminal terminal, CancellationToken cancel)
    {
        double seconds = parse.GetValue(Every);
        if (seconds is < 0 or > 86400 || double.IsNaN(seconds))
            throw new SeguroException(ErrorCode.BadValue, "--stats is a number of seconds from 0 (only at the end) to 86400", "Choose another number.");
        IPEndPoint? metrics = parse.GetValue(Metrics) is { } address ? ParseEndPoint(address) : null;
        if (metrics is not null)
            MetricsServer.Check(metrics);
        MirrorPrinter printer = new(terminal, parse.GetValue(CommonOptions.Json));
        MirrorOptions options = new()
        {
            Pier = System.IO.Path.GetFullPath(parse.GetRequiredValue(Path)),
            Ship = parse.GetValue(CommonOptions.Ship) is { Length: > 0 } name ? ShipName.ReadKey(name) : null,
            Despite = PierEvidence.Parse(CommonOptions.DespiteOf(parse)),
            Tell = printer.Notice,
        };
        string named = parse.GetRequiredValue(CommonOptions.Store);
        StoreUrl url = StoreUrl.Parse(named);
        RefuseItself(options.Pier, url);
        if (parse.GetValue(Systemd))
        {
            terminal.Output.Write(MirrorUnit.For(options.Pier, named, url, parse));
            return 0;
        }
        await using PierMirror mirror = await PierArgument.WithProgressAsync(
            terminal,
            "mirror",
            0,
            progress => PierMirror.StartAsync(options, token => CommonOptions.OpenStoreAsync(parse, terminal, named, StoreUse.Create, token), progress, cancel));
        await using MirrorHarbors? harbors = await OpenHarborsAsync(parse, terminal, named, mirror, printer, cancel);
        if (parse.GetValue(Once))
        {
            await mirror.CatchUpAsync(cancel);
            printer.Status(mirror.Status);
            if (harbors is null)
                return 0;
            await harbors.CatchUpAsync(cancel);
            printer.Harbors(harbors);
            return harbors.IsDegraded ? 4 : 0;
        }
        terminal.Outlive();
        await using MetricsServer? server = metrics is null ? null : await MetricsServer.StartAsync(metrics, () => Answer(mirror.Status, harbors), cancel);
        printer.Ready(mirror.Status, server?.Url);
        harbors?.Start();
        await FollowAsync(mirror, harbors, printer, TimeSpan.FromSeconds(seconds), cancel);
        MirrorStatus last = mirror.Status;
        printer.Status(last);
        if (harbors is not null)
        {
            await harbors.StopAsync();
            printer.Harbors(harbors);
            if (harbors.IsDegraded && !last.IsDegraded)
                return 4;
        }
        if (!last.IsDegraded)
            return 0;
        throw new SeguroException(
            ErrorCode.MirrorSilent,
            $"the mirror ends while it was not following: {last.Warning ?? $"{last.LagEvents:N0} events of the pier are not in the store"}",
            "Start it again when pier and store are there: it goes on where it stopped.");
    }

    private static async Task FollowAsync(PierMirror mirror, MirrorHarbors? harbors, MirrorPrinter printer, TimeSpan between, CancellationToken cancel)
    {
        Task running = mirror.RunAsync(cancel);
        while (between > TimeSpan.Zero)
        {
            Task pause = Task.Delay(between, CancellationToken.None);
            if (await Task.WhenAny(running, pause) == running)
                break;
            printer.Status(mirror.Status);
            if (harbors is not null)
                printer.Harbors(harbors);
        }
        try
        {
            await running;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It was told to end.
        }
    }

    private static (bool IsHealthy, byte[] Json) Answer(MirrorStatus status, MirrorHarbors? harbors) =>
        (!status.IsDegraded && harbors is not { IsDegraded: true }, JsonSerializer.SerializeToUtf8Bytes(MirrorPrinter.Summary(status, harbors), Terminal.JsonForm));

    private static async Task<MirrorHarbors?> OpenHarborsAsync(ParseResult parse, Terminal terminal, string store, PierMirror mirror, MirrorPrinter printer, CancellationToken cancel)
    {
        if (parse.GetValue(Harbors) is not { Length: > 0 } urls)
            return null;
        double within = parse.GetValue(HarborWithin);
        if (within is not (>= 0.1 and <= 3600))
            throw new SeguroException(ErrorCode.BadValue, "--harbor-within is a number of seconds from 0.1 to 3600", "Choose another number.");
        string key = parse.GetValue(HarborKey) ?? throw new SeguroException(ErrorCode.Usage, "--harbor needs --harbor-key", "Make one with `seguro harbor key new`, and name NAME.harbor.");
        return await MirrorHarbors.OpenAsync(
            () => CommonOptions.OpenStoreAsync(parse, terminal, store, StoreUse.Read, cancel), mirror.Status.Ship, urls, key, TimeSpan.FromSeconds(within),
            (isWarning, text) => printer.Notice(new MirrorNotice(isWarning, text)), cancel);
    }

    /// <summary>A pier is a store, too: it must not be its own mirror.</summary>
    private static void RefuseItself(string pier, StoreUrl url)
    {
        if (url.Engine != "lmdb" || !Directory.Exists(pier) || !Directory.Exists(url.Rest))
            return;
        if (Resolve(pier) == Resolve(url.Rest))
            throw new SeguroException(ErrorCode.BadValue, $"the store {url} is the pier itself", "Name another store: a copy beside the original is none.");
    }

    private static string Resolve(string path) =>
        new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    private static IPEndPoint ParseEndPoint(string text) => IPEndPoint.TryParse(text, out IPEndPoint? address) && text.LastIndexOf(':') > text.LastIndexOf(']')
        ? address
        : throw new SeguroException(ErrorCode.BadValue, $"--metrics: '{text}' is not an address and a port", "Write IP:PORT, such as 127.0.0.1:9464.");
}
