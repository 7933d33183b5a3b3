using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Seguro.Core;
using Seguro.Files;
using Seguro.Identity;
using Seguro.Node.Access;
using Seguro.Node.Dashboard;
using Seguro.Node.Links;
using Seguro.Stores.Dqlite;

namespace Seguro.Node.Admin;

/// <summary>
/// The admin API: HTTP and JSON on a Unix socket that only its owner may use, on HTTPS with a token where that is wanted, and for reading on loopback where that is
/// wanted. <c>GET /status</c>, <c>/metrics</c>, <c>/health</c>; <c>POST /optimism</c>, <c>/stepdown</c>, <c>/members</c>. The dashboard is beside it. The same of one ship among
/// many is under <c>/ships/NAME</c>; <c>GET /ships</c> lists them, <c>POST /ships</c> adds one, <c>POST /ships/NAME/remove</c> removes it.
/// </summary>
public sealed class AdminServer : IAsyncDisposable
{
    /// <summary>The longest path of a socket that Linux takes, in bytes.</summary>
    public const int LongestSocket = 107;

    // Who has shown no token yet. People and monitors need one place each, and show it at once.
    private const int MostStrangers = 32;
    private const int MostStrangersOfOneAddress = 8;
    private const int MostConnections = 128;
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(15);

    private readonly WebApplication _application;
    private readonly Doorstep _doorstep;
    private readonly AdminOptions _options;
    private readonly PrometheusText _metrics;
    private readonly DashboardServer _dashboard;
    private readonly byte[]? _token;

    private AdminServer(AdminOptions options, PrometheusText metrics)
    {
        _options = options;
        _doorstep = new Doorstep(MostStrangers, MostStrangersOfOneAddress, options.Refused);
        _metrics = metrics;
        _token = options.Token is { } token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;
        _dashboard = new DashboardServer(options, IsToken, TimeProvider.System);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(Configure);
        builder.Services.AddRoutingCore();
        _application = builder.Build();
        _application.Run(ServeAsync);
    }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>: of the socket's folder. <see cref="ErrorCode.BadValue"/>: the path is
    /// too long, or an address can't be listened on. <see cref="ErrorCode.AlreadyExists"/>: somebody answers there.
    /// </exception>
    public static async Task<AdminServer> StartAsync(AdminOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (Encoding.UTF8.GetByteCount(options.Socket) > LongestSocket)
            throw new SeguroException(ErrorCode.BadValue, $"the path of the admin socket has more than {LongestSocket} bytes: {options.Socket}", "Set admin:socket to a shorter path.");
        string folder = Path.GetDirectoryName(options.Socket)!;
        try
        {
            if (!Directory.Exists(folder))
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Writing(folder, refused);
        }
        await RemoveStaleAsync(options.Socket, cancel);
        AdminServer server = new(options, new PrometheusText("Seguro"));
        try
        {
            await server._application.StartAsync(cancel);
            File.SetUnixFileMode(options.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return server;
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await server.DisposeAsync();
            if (WhyNotWritable(folder) is { } refused)
                throw FileFault.Writing($"the admin API's socket {options.Socket}", refused);
            throw new SeguroException(ErrorCode.BadValue, $"the admin API can't listen on {options.Socket}{string.Concat(((object?[])[options.Https, options.Http]).Where(static one => one is not null).Select(static one => $" and {one}"))}: {error.Message}", "Set admin:socket, admin:https or admin:http to something free.", error);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _dashboard.End();
        using (CancellationTokenSource limit = new(TimeSpan.FromSeconds(2)))
            await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
        _dashboard.Dispose();
        _metrics.Dispose();
    }

    /// <summary>What the system says of a disk when a socket is bound does not come through .NET's codes of sockets: so the folder is asked.</summary>
    private static Exception? WhyNotWritable(string folder)
    {
        try
        {
            using FileStream probe = new(Path.Combine(folder, $".probe-{Environment.ProcessId}"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            probe.WriteByte(0);
            probe.Flush(flushToDisk: true);
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return refused;
        }
    }

    private static async Task RemoveStaleAsync(string path, CancellationToken cancel)
    {
        if (new FileInfo(path).LinkTarget is null && !Path.Exists(path))
            return;
        if (!FileKind.IsSocket(path))
            throw new SeguroException(ErrorCode.AlreadyExists, $"there is something else than a socket at {path}: nothing was done to it", "Set admin:socket to a path where nothing is, or move away what is there.");
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        }
        catch (SocketException)
        {
            // Left by a process that was killed.
            File.Delete(path);
            return;
        }
        throw new SeguroException(ErrorCode.AlreadyExists, $"a member answers at {path} already", "Stop it first, or set admin:socket to another path.");
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = LinkCommand.LargestBody;
        // Of both together. Strangers can't take all: the doorstep is smaller.
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.RequestHeadersTimeout = HeaderTime;
        kestrel.Limits.KeepAliveTimeout = IdleTime;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 16;
        kestrel.ListenUnixSocket(_options.Socket, static listen => listen.Protocols = HttpProtocols.Http1);
        if (_options.Http is { } loopback)
            kestrel.Listen(loopback, static listen => listen.Protocols = HttpProtocols.Http1);
        if (_options.Https is not { } address || _options.Certificates is not { } certificates)
            return;
        foreach (IPEndPoint endpoint in address.Resolve())
        {
            kestrel.Listen(endpoint, listen =>
            {
                listen.UseDoorstep(_doorstep);
                listen.UseHttps(Tls(certificates));
            });
        }
    }

    private static TlsHandshakeCallbackOptions Tls(ClusterCertificates certificates) => new()
    {
        HandshakeTimeout = HandshakeTime,
        OnConnection = _ =>
        {
            // People and monitors have no certificate: the token is asked for instead.
            SslServerAuthenticationOptions tls = certificates.ServerOptions();
            tls.ClientCertificateRequired = false;
            tls.RemoteCertificateValidationCallback = null;
            return ValueTask.FromResult(tls);
        },
    };

    private async Task ServeAsync(HttpContext context)
    {
        LinkReply reply;
        string type = "application/json";
        try
        {
            (string? name, string path) = ShipPath.Split(context.Request.Path.Value ?? "");
            if (DashboardServer.Serves(path))
            {
                bool mayRead = MayRead(context);
                await _dashboard.ServeAsync(context, path, mayRead && (name is not null || _options.Ship is not null) ? Find(name) : null, mayRead);
                return;
            }
            bool isRead = HttpMethods.IsGet(context.Request.Method);
            if (isRead ? !MayRead(context) : !MayChange(context))
            {
                _options.Refused?.Invoke($"{context.Connection.RemoteIpAddress}: a request without a token, or with a wrong one");
                throw new SeguroException(ErrorCode.AccessDenied, "the request has no token, or a wrong one", "Send the header Authorization: Bearer TOKEN.");
            }
            if (HttpMethods.IsPost(context.Request.Method))
            {
                ReadOnlyMemory<byte> body = await BodyAsync(context.Request);
                reply = await ChangeShipsAsync(name, path, body, context.RequestAborted) ?? await Find(name).Actions.DoAsync(path, body, forwarded: false, context.RequestAborted);
            }
            else if (isRead)
            {
                reply = Read(name, path);
                if (path == "/metrics")
                    type = PrometheusText.ContentType;
            }
            else
            {
                reply = new LinkReply(405, default);
            }
        }
        catch (SeguroException error)
        {
            reply = AdminActions.Failed(error);
        }
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = type;
        context.Response.ContentLength = reply.Body.Length;
        await context.Response.Body.WriteAsync(reply.Body, context.RequestAborted);
    }

    private LinkReply Read(string? name, string path)
    {
        if (path == "/metrics")
            return new LinkReply(200, Encoding.UTF8.GetBytes(_metrics.Write()));
        if (path == ShipPath.All && name is null && _options.Ships is { } ships)
            return new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(ships.Report(), AdminJson.Default.FleetReport));
        if (path == "/health" && name is null && _options is { Ship: null, Ships: { } many })
        {
            FleetReport report = many.Report();
            string flags = $"\"healthy\":{(report.IsHealthy ? "true" : "false")},\"ready\":{(report.IsReady ? "true" : "false")}";
            return new LinkReply(report.IsHealthy ? 200 : 503, Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $$"""{{{flags}},"ships":{{report.Ships.Count}},"unhealthy":{{report.Ships.Count(static ship => !ship.Healthy)}}}""")));
        }
        AdminShip ship = Find(name);
        StatusReport status = ship.Status();
        return path switch
        {
            "/status" => new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(status, AdminJson.Default.StatusReport)),
            "/health" => new LinkReply(status.IsHealthy ? 200 : 503, Encoding.UTF8.GetBytes($$"""{"healthy":{{(status.IsHealthy ? "true" : "false")}},"role":"{{status.Role}}"}""")),
            "/history" => new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(ship.History(), AdminJson.Default.IReadOnlyListHistoryEntry)),
            _ => throw new SeguroException(ErrorCode.NotFound, $"there is nothing at {path}", "There are /status, /history, /metrics, /health and /ships."),
        };
    }

    /// <summary>What changes which ships there are; <see langword="null"/> where the request is for a ship's member.</summary>
    private async Task<LinkReply?> ChangeShipsAsync(string? name, string path, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        if (_options.Ships is not { } ships || (path, name) is not ((ShipPath.All, null) or (ShipPath.Remove, not null)))
            return null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(AdminActions.Patience);
        try
        {
            if (name is null)
                await ships.Add(AdminActions.Parse(body, AdminJson.Default.RegisteredShip), limit.Token);
            else
                await ships.Remove(name, limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SeguroException(ErrorCode.OutcomeUnknown, $"the store did not take the change within {AdminActions.Patience.TotalSeconds} s", "Look at `seguro ship list`: the change may still come, or be repeated.");
        }
        return new LinkReply(200, JsonSerializer.SerializeToUtf8Bytes(ships.Report(), AdminJson.Default.FleetReport));
    }

    /// <summary>The ship that a request is for: the one that it names, or the only one.</summary>
    private AdminShip Find(string? name)
    {
        if (name is null)
            return _options.Ship ?? throw new SeguroException(ErrorCode.ManyShips, "this node holds many ships, and none is named", "See them with `seguro ship list`, and name one: --ship ~SHIP; by HTTP /ships/~SHIP/status.");
        return _options.Ships?.Find(name) ?? throw new SeguroException(ErrorCode.NotFound, $"this node holds no ship {name}", "See which it holds: seguro ship list");
    }

    /// <summary>The socket's owner may; whoever has the token or, in a browser, showed it; and on loopback, where that is asked for, everybody of this machine.</summary>
    private bool MayRead(HttpContext context)
    {
        if (MayChange(context))
            return true;
        if (context.Features.Get<ITlsHandshakeFeature>() is null)
            return IsOfThisMachine(context.Request.Host.Host) || _dashboard.HasSession(context.Request);
        if (!_dashboard.HasSession(context.Request))
            return false;
        context.Features.Get<Doorstep.Visit>()?.Dispose();
        return true;
    }

    /// <summary>A page's session is not enough: its wishes come as forms, which say where they come from (<see cref="DashboardServer"/>).</summary>
    private bool MayChange(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is null)
            return true; // the socket
        if (!HasToken(context.Request))
            return false;
        context.Features.Get<Doorstep.Visit>()?.Dispose();
        return true;
    }

    /// <summary>A name that somebody else's name server turns into 127.0.0.1 would let a page of theirs read here.</summary>
    private static bool IsOfThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request)
    {
        using MemoryStream body = new();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        return body.ToArray();
    }

    private bool HasToken(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        string? header = request.Headers.Authorization;
        return header is not null && header.StartsWith(Scheme, StringComparison.Ordinal) && IsToken(header[Scheme.Length..]);
    }

    private bool IsToken(string token) => _token is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), _token);
}
