using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Audit;
using Seguro.HarborService.Owners;
using Seguro.HarborService.Requests;
using Seguro.Identity;

namespace Seguro.HarborService;

/// <summary>
/// A harbor's service: keeps what many owners put, on any target, and can read none of it. Several may serve one storage: nothing is kept here that another would miss.
/// </summary>
/// <remarks>HTTP 1.1 only: there is no use for more, and less to attack. Disposal waits ten seconds for what is on its way.</remarks>
public sealed class ServiceHost : IAsyncDisposable
{
    private const int MostConnections = 8192;
    private const int MostStrangers = 1024;
    private const int StrangersOfAddress = 64;
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);
    private readonly WebApplication _application;
    private readonly ServiceCertificate? _certificate;
    private readonly RequestGate _gate;
    private readonly ObjectRequests _objects;
    private readonly OwnerRoom _room;
    private readonly AuditTrail _audit;
    private readonly ServiceMetrics _metrics;
    private readonly ServiceOptions _options;
    private readonly IHarborTarget _storage;
    private readonly long _started;
    private readonly Lock _lock = new();
    private (long At, string What)? _trouble; // under _lock: the storage's last failure
    private long _active;

    private ServiceHost(IHarborTarget storage, ServiceOptions options)
    {
        _options = options;
        _storage = storage;
        _started = options.Time.GetTimestamp();
        _certificate = options.Certificate is null ? null : new ServiceCertificate(options);
        OwnerRegistry registry = new(storage);
        _room = new OwnerRoom(registry, options);
        _audit = new AuditTrail(storage, options);
        _metrics = new ServiceMetrics(() => Interlocked.Read(ref _active), () => _audit.Lost, _certificate is { } certificate ? () => certificate.Left : null);
        _gate = new RequestGate(options, _certificate, new OwnerCache(registry, options));
        _objects = new ObjectRequests(storage, registry, _room, _audit, _metrics, options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(Configure);
        _application = builder.Build();
        _application.Run(ServeAsync);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address { get; private set; } = new(IPAddress.None, 0);

    /// <summary>How it stands. From any thread.</summary>
    public ServiceReport Report
    {
        get
        {
            List<string> warnings = [];
            double? days = _certificate?.Left.TotalDays;
            if (days < 0)
                warnings.Add("The certificate has expired: owners refuse it. Replace it and its key; they are taken up while this runs.");
            else if (days < ServiceCertificate.WarnedDays)
                warnings.Add($"The certificate expires in {(int)days} days. Replace it and its key; they are taken up while this runs.");
            (long At, string What)? trouble;
            lock (_lock)
                trouble = _trouble;
            bool hasFailed = trouble is { } last && _options.Time.GetElapsedTime(last.At) < Recent;
            if (hasFailed)
                warnings.Add($"The storage failed within the last minute: {trouble!.Value.What}");
            if (_audit.Lost > 0)
                warnings.Add($"{_audit.Lost} entries of owners' audits could not be kept: see the storage's room and rights.");
            (long answered, long refused, long failed) = _metrics.Requests;
            (long bytesIn, long bytesOut) = _metrics.Bytes;
            return new ServiceReport(
                _storage.Name, Address.ToString(), _options.Time.GetElapsedTime(_started).TotalSeconds, Interlocked.Read(ref _active), answered, refused, failed,
                bytesIn, bytesOut, _audit.Lost, days, !hasFailed && !(days < 0), warnings);
        }
    }

    /// <summary>Starts to listen, once the storage was found to keep what a harbor rests on.</summary>
    /// <param name="storage">Where the objects are kept. Not disposed of.</param>
    /// <param name="options">What else it needs to know.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.InsecureTransport"/>: other machines would reach it without TLS, or it has neither a certificate nor a name;
    /// <see cref="ErrorCode.UnsafeTarget"/>; <see cref="ErrorCode.BadValue"/>: it can't be listened on;
    /// what reading the certificate and the storage throw.
    /// </exception>
    public static async Task<ServiceHost> StartAsync(IHarborTarget storage, ServiceOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Certificate is null && !IPAddress.IsLoopback(options.Listen.Address))
        {
            throw new SeguroException(
                ErrorCode.InsecureTransport, $"{options.Listen} can be reached from other machines, and without a certificate nothing is encrypted", "Name a certificate, or listen on 127.0.0.1 behind a proxy on this machine that ends TLS.");
        }
        if (options.Certificate is null && options.Hosts.Count == 0)
        {
            throw new SeguroException(
                ErrorCode.InsecureTransport, "without a certificate it can't be told for whom a request was signed: another service could pass on what it was sent, a removal too",
                "Say what owners call this service: --host harbor.example.");
        }
        await TargetProbe.RunAsync(storage, cancel);
        ServiceHost host = new(storage, options);
        try
        {
            await host._application.StartAsync(cancel);
            host.Address = new IPEndPoint(options.Listen.Address, new Uri(host._application.Urls.First()).Port);
            host._audit.Start();
            return host;
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await host.DisposeAsync();
            throw new SeguroException(ErrorCode.BadValue, $"{options.Listen} can't be listened on: {error.Message}", "Choose a free port on an address of this machine.", error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using (CancellationTokenSource limit = new(TimeSpan.FromSeconds(10)))
            await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
        await _audit.DisposeAsync();
        _metrics.Dispose();
        _certificate?.Dispose();
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        Doorstep doorstep = new(MostStrangers, StrangersOfAddress);
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestBodySize = _options.LargestObject;
        kestrel.Limits.MaxRequestLineSize = 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 8 << 10;
        kestrel.Limits.MaxRequestHeaderCount = 32;
        kestrel.Limits.RequestHeadersTimeout = _options.Grace;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(1);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(_options.SlowestBody, _options.Grace);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(_options.SlowestBody, _options.Grace);
        kestrel.Listen(_options.Listen, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => async connection =>
            {
                if (_gate.IsBalancer((connection.RemoteEndPoint as IPEndPoint)?.Address) || _certificate is null)
                {
                    await next(connection);
                    return;
                }
                using Doorstep.Visit? visit = doorstep.Enter(connection.RemoteEndPoint, connection.Abort);
                if (visit is null)
                {
                    connection.Abort();
                    return;
                }
                connection.Features.Set(visit);
                await next(connection);
            });
            if (_certificate is not null)
                listen.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = _options.Grace, OnConnection = _ => ValueTask.FromResult(_certificate.ForHandshake()) });
        });
    }

    private async Task ServeAsync(HttpContext context)
    {
        string verb = "none";
        Interlocked.Increment(ref _active);
        try
        {
            IPAddress address = _gate.Enter(context);
            string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            if (target == "/health" && HttpMethods.IsGet(context.Request.Method))
            {
                verb = "health";
                await context.Response.WriteAsync("ok\n", context.RequestAborted);
                return;
            }
            OwnersRequest asked = OwnersRequest.Parse(context.Request.Method, target);
            (OwnerRecord owner, SignedRequest request) = await _gate.AdmitAsync(context, address, asked, target);
            verb = asked.Verb;
            await AnswerAsync(context, address, asked, owner, request);
        }
        catch (RequestRefusal refusal)
        {
            await RefuseAsync(context, refusal);
        }
        catch (SeguroException failed)
        {
            await FailAsync(context, failed);
        }
        catch (Exception broken) when (broken is IOException or OperationCanceledException)
        {
            context.Abort(); // the client is gone, or is too slow; or the storage broke off in the middle of an object
        }
        finally
        {
            Interlocked.Decrement(ref _active);
            _metrics.Answered(verb, context.Response.StatusCode);
        }
    }

    private async Task AnswerAsync(HttpContext context, IPAddress address, OwnersRequest asked, OwnerRecord owner, SignedRequest request)
    {
        const int ShownDigits = 12;
        AuditKind kind = new(asked.Verb, request.Key[..ShownDigits], address.ToString(), "ok");
        if (!_room.TryEnter(owner.Owner))
            throw new RequestRefusal(429, $"{owner.Owner} has {_options.OwnerRequests} requests on their way already", "It is tried again by itself.");
        try
        {
            long bytes = await _objects.AnswerAsync(context, asked, owner, request, kind);
            bool isMade = context.Response.StatusCode == 201;
            if (asked.Verb is not ("delete" or "account" or "audit"))
                _audit.Add(owner.Owner, isMade || asked.Verb != "put" ? kind : kind with { Outcome = "there-already" }, asked.Name, bytes, each: isMade);
        }
        catch (RequestRefusal refusal)
        {
            _audit.Add(owner.Owner, kind with { Outcome = refusal.Status.ToString(System.Globalization.CultureInfo.InvariantCulture) }, asked.Name, 0, each: false);
            throw;
        }
        finally
        {
            _room.Leave(owner.Owner);
        }
    }

    private Task FailAsync(HttpContext context, SeguroException failed)
    {
        RequestRefusal refusal = RequestRefusal.Of(failed);
        if (refusal.Status == 503)
        {
            lock (_lock)
                _trouble = (_options.Time.GetTimestamp(), $"{failed.Message} ({failed.CodeText}).");
            _options.Tell(true, $"The storage failed: {failed.Message} ({failed.CodeText}).");
        }
        return RefuseAsync(context, refusal);
    }

    private static async Task RefuseAsync(HttpContext context, RequestRefusal refusal)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }
        byte[] text = Encoding.UTF8.GetBytes($"{refusal.Message}\n{refusal.Next}\n");
        response.Clear();
        response.StatusCode = refusal.Status;
        response.Headers[ServiceTarget.Refused] = "yes";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = text.Length;
        if (refusal.Status is 429 or 503)
            response.Headers.RetryAfter = "1";
        if (refusal.IsOfStranger || context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
            response.Headers.Connection = "close";
        await response.Body.WriteAsync(text, context.RequestAborted);
    }
}
