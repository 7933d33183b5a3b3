using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Seguro.Core;
using Seguro.Node.Dashboard;

namespace Seguro.Node.Admin;

/// <summary>
/// <c>GET /metrics</c>, <c>/status</c> and <c>/health</c> of a process that is no member, for monitors on the same machine, and a page for people where it has one: plain HTTP, on loopback only.
/// </summary>
public sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly PrometheusText _metrics = new("Seguro");
    private readonly Func<(bool IsHealthy, byte[] Json)> _status;
    private readonly Func<ServicePage>? _page;

    private MetricsServer(IPEndPoint address, Func<(bool IsHealthy, byte[] Json)> status, Func<ServicePage>? page)
    {
        _status = status;
        _page = page;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Listen(address);
        });
        _application = builder.Build();
        _application.Run(ServeAsync);
    }

    /// <summary>Where it listens.</summary>
    public string Url => _application.Urls.First();

    /// <summary>Refuses an address that other machines reach.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.InsecureTransport"/>.</exception>
    public static void Check(IPEndPoint address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!IPAddress.IsLoopback(address.Address))
        {
            throw new SeguroException(
                ErrorCode.InsecureTransport, $"the metrics are served without encryption, and {address} can be reached from other machines", "Use 127.0.0.1 or [::1], and an agent or a proxy with TLS on this machine.");
        }
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="address">An address of this machine's loopback; port 0: a free one.</param>
    /// <param name="status">Whether all is well, and how it stands as JSON. Called for each request, from any thread.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <param name="page">What its page shows, at <c>/</c>; <see langword="null"/>: it has none. As <paramref name="status"/>.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.InsecureTransport"/>: it is not loopback; <see cref="ErrorCode.BadValue"/>: it can't be listened on.</exception>
    public static async Task<MetricsServer> StartAsync(IPEndPoint address, Func<(bool IsHealthy, byte[] Json)> status, CancellationToken cancel, Func<ServicePage>? page = null)
    {
        Check(address);
        MetricsServer server = new(address, status, page);
        try
        {
            await server._application.StartAsync(cancel);
            return server;
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await server.DisposeAsync();
            throw new SeguroException(ErrorCode.BadValue, $"the metrics can't be served at {address}: {error.Message}", "Choose a port that is free.", error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using (CancellationTokenSource limit = new(TimeSpan.FromSeconds(2)))
            await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
        _metrics.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        (bool isHealthy, byte[] json) = _status();
        (int code, string type, byte[] body) = (HttpMethods.IsGet(context.Request.Method), context.Request.Path.Value) switch
        {
            (true, "/metrics") => (200, PrometheusText.ContentType, Encoding.UTF8.GetBytes(_metrics.Write())),
            (true, "/status") => (200, "application/json", json),
            (true, "/health") => (isHealthy ? 200 : 503, "application/json", Encoding.UTF8.GetBytes($$"""{"healthy":{{(isHealthy ? "true" : "false")}}}""")),
            (true, "/") when _page is { } page => (200, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(page().ToHtml())),
            (true, "/dashboard.css") when _page is not null => (200, "text/css; charset=utf-8", DashboardServer.Style),
            (true, _) => (404, "text/plain", "There are /metrics, /status and /health.\n"u8.ToArray()),
            _ => (405, "text/plain", []),
        };
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
