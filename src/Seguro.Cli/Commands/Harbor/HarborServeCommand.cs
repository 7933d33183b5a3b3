using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Seguro.Cli.Output;
using Seguro.CommandLine;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService;
using Seguro.Node.Admin;
using Seguro.Node.Dashboard;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor serve</c>: keeps harbors for others.</summary>
internal static class HarborServeCommand
{
    private static readonly Option<string> Listen = new("--listen") { Description = "Where owners connect to; without a certificate an address of loopback, behind a proxy on this machine that ends TLS.", HelpName = "IP:PORT", Required = true };
    private static readonly Option<string?> Certificate = new("--certificate") { Description = "The PEM file of the service's certificate, and of those above it. It may be replaced while the service runs.", HelpName = "FILE" };
    private static readonly Option<string?> PrivateKey = new("--private-key") { Description = "The PEM file of the certificate's key.", HelpName = "FILE" };
    private static readonly Option<string[]> Hosts = new("--host") { Description = "What owners call this service, NAME or NAME:PORT: what was signed for another is refused. Needed without --certificate. May be given several times.", HelpName = "NAME" };
    private static readonly Option<string[]> Balancers = new("--balancer") { Description = "The address of a balancer in front of several instances: limits by address are not for it. May be given several times.", HelpName = "IP" };
    private static readonly Option<string?> Metrics = new("--metrics") { Description = "Serve a page, /metrics (Prometheus), /status and /health to this machine, such as 127.0.0.1:9465.", HelpName = "IP:PORT" };

    public static Command Create(Terminal terminal) =>
        new Command("serve", "Keep the harbors of many owners, over HTTPS, on any target; until Ctrl-C or SIGTERM. Nothing of it can be read here. Several may serve one storage.")
        {
            HarborOwnerCommand.Storage, Listen, Certificate, PrivateKey, Hosts, Balancers, Metrics,
        }.Does(terminal, (parse, cancel) => HarborOwnerCommand.WithStorageAsync(parse, storage => RunAsync(parse, terminal, storage, cancel)));

    private static async Task<int> RunAsync(ParseResult parse, Terminal terminal, IHarborTarget storage, CancellationToken cancel)
    {
        ServiceOptions options = new()
        {
            Listen = ParseEndPoint(parse.GetRequiredValue(Listen), "--listen"),
            Certificate = parse.GetValue(Certificate),
            PrivateKey = parse.GetValue(PrivateKey),
            Hosts = parse.GetValue(Hosts) ?? [],
            Balancers = [.. (parse.GetValue(Balancers) ?? []).Select(ParseAddress)],
            Tell = (isWarning, text) => HarborPrinter.Notice(terminal, isWarning, text),
        };
        IPEndPoint? metrics = parse.GetValue(Metrics) is { } address ? ParseEndPoint(address, "--metrics") : null;
        if (metrics is not null)
            MetricsServer.Check(metrics);
        terminal.Outlive();
        bool json = parse.GetValue(CommonOptions.Json);
        using Telemetry? telemetry = Telemetry.Start(Environment.MachineName);
        await using ServiceHost service = await ServiceHost.StartAsync(storage, options, cancel);
        await using MetricsServer? server = metrics is null ? null : await MetricsServer.StartAsync(metrics, () => Answer(service.Report), cancel, () => PageOf(service.Report));
        if (json)
            terminal.Json(new { ready = true, listen = service.Address.ToString(), storage = storage.Name, metrics = server?.Url });
        else
            terminal.Output.WriteLine($"Harbors are served at {(options.Certificate is null ? "http" : "https")}://{service.Address}, kept in {storage.Name}.");
        terminal.Output.Flush();
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            // It was told to end.
        }
        return 0;
    }

    private static (bool IsHealthy, byte[] Json) Answer(ServiceReport report) => (report.IsHealthy, JsonSerializer.SerializeToUtf8Bytes(report, PlainTerminal.JsonForm));

    private static ServicePage PageOf(ServiceReport report) => new(
        "Harbor service", report.IsHealthy, report.Warnings,
        [
            ("This instance", [
                ("owners come to", report.Listen),
                ("kept in", report.Storage),
                ("running for", Duration(TimeSpan.FromSeconds(report.Seconds))),
                ("certificate", report.CertificateDays is { } days ? $"good for {Math.Floor(days):0} days" : "none: behind a proxy that ends TLS"),
            ]),
            ("Requests since its start", [
                ("on their way", Count(report.Active)),
                ("answered", Count(report.Answered)),
                ("refused", Count(report.Refused)),
                ("failed", Count(report.Failed)),
            ]),
            ("Objects since its start", [
                ("came in", ByteSize.Format(report.BytesIn)),
                ("went out", ByteSize.Format(report.BytesOut)),
                ("audit entries lost", Count(report.AuditLost)),
            ]),
        ]);

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Duration(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h {time.Minutes} min");

    private static IPAddress ParseAddress(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address : throw new SeguroException(ErrorCode.BadValue, $"--balancer: '{text}' is not an address", "Write its IP address.");

    private static IPEndPoint ParseEndPoint(string text, string option) =>
        IPEndPoint.TryParse(text, out IPEndPoint? address) && text.LastIndexOf(':') > text.LastIndexOf(']')
        && (address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6 || text[0] == '[')
            ? address
            : throw new SeguroException(ErrorCode.BadValue, $"{option}: '{text}' is not an address and a port", "Write IP:PORT, such as 0.0.0.0:8443 or [::]:8443.");
}
