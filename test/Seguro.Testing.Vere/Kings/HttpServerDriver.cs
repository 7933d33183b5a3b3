using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>eyre's side of HTTP (vere-facts.md §7.2): a public port and one for this machine, bound when the kernel says how, and written to <c>.http.ports</c>.</summary>
sealed class HttpServerDriver(King king) : Driver(king)
{
    private const int FirstPublic = 8080;
    private const int FirstLoopback = 12321;
    private const int PortsTried = 1000;
    private const long LargestBody = 64L << 20;
    private const int MostRequests = 1000;
    private readonly Noun _instance = Clock.Instance();
    private readonly Dictionary<string, HttpExchange> _exchanges = [];
    private WebApplication? _public;
    private WebApplication? _loopback;
    private bool _isConfigured;
    private int _connections;

    /// <summary>The public port; 0 before it is bound.</summary>
    public int Port { get; private set; }

    private string PortsFile => Path.Combine(King.Options.Pier, ".http.ports");

    /// <inheritdoc/>
    public override void Talk() => Plan(NounList.Of("e", "http-server", _instance), Cell.Of("born", 0), () => IsLive = true);

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card)
    {
        if (!Begins(wire, "http-server"))
            return false;
        if (Axis.At(wire, 6) != _instance)
            return true; // of an earlier run
        if (TagOf(card) == "set-config" && !_isConfigured)
        {
            _isConfigured = true;
            IsLive = false;
            _ = ListenAsync();
        }
        if (TagOf(card) == "response" && Axis.At(wire, 14) is Atom connection && Axis.At(wire, 30) is Atom request)
            Respond($"{Cord.Text(connection)}/{Cord.Text(request)}", ((Cell)card).Tail);
        return true;
    }

    /// <inheritdoc/>
    protected override async ValueTask StopAsync()
    {
        File.Delete(PortsFile);
        foreach (WebApplication? server in (WebApplication?[])[_public, _loopback])
        {
            if (server is null)
                continue;
            // Requests that wait will not be answered.
            using CancellationTokenSource now = new(TimeSpan.Zero);
            await server.StopAsync(now.Token);
            await server.DisposeAsync();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            (_public, int port) = await BindAsync(IPAddress.Any, King.Options.HttpPort ?? FirstPublic, King.Options.HttpPort is null, isLocal: false);
            (_loopback, int local) = await BindAsync(IPAddress.Loopback, FirstLoopback, true, isLocal: true);
            await King.PostAsync(() => Live(port, local));
        }
        catch (IOException error)
        {
            await King.PostAsync(() => King.Bail($"http: {error.Message}"));
        }
    }

    private void Live(int port, int local)
    {
        Port = port;
        File.WriteAllText(PortsFile, string.Create(CultureInfo.InvariantCulture, $"{local} insecure loopback\n{port} insecure public\n"));
        Console.Error.WriteLine($"http: web interface live on http://localhost:{port}\nhttp: loopback live on http://localhost:{local}");
        Plan(NounList.Of("e", "http-server", _instance), Cell.Of("live", port, 0), () => IsLive = true);
    }

    private async Task<(WebApplication Server, int Port)> BindAsync(IPAddress address, int first, bool mayMove, bool isLocal)
    {
        for (int port = first; ; port++)
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            int asked = port;
            builder.WebHost.ConfigureKestrel(server =>
            {
                server.Listen(address, asked, static listen => listen.Protocols = HttpProtocols.Http1);
                server.Limits.MaxRequestBodySize = LargestBody;
                server.AddServerHeader = false;
            });
            WebApplication application = builder.Build();
            application.Run(context => ServeAsync(context, isLocal));
            try
            {
                await application.StartAsync(CancellationToken.None);
                return (application, port);
            }
            catch (IOException) when (mayMove && port < first + PortsTried)
            {
                await application.DisposeAsync();
            }
        }
    }

    private async Task ServeAsync(HttpContext context, bool isLocal)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        IDictionary<object, object?> items = context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items;
        int connection = items.TryGetValue(this, out object? mine) ? ((int[])mine!)[0] : Interlocked.Increment(ref _connections);
        int[] count = mine as int[] ?? [connection, 0];
        items[this] = count;
        string[] name = [Dotted(connection), Dotted(++count[1])];
        HttpExchange exchange = new();
        Noun wire = NounList.Of("e", "http-server", _instance, name[0], name[1]);
        Noun card = new Cell(Cord.Of(isLocal ? "request-local" : "request"), RequestNoun(context, body.ToArray()));
        string key = string.Join('/', name);
        await King.PostAsync(() => Ask(key, exchange, wire, card));
        try
        {
            await foreach (HttpPart part in exchange.Parts.Reader.ReadAllAsync(context.RequestAborted))
            {
                if (part.IsCancelled)
                    context.Abort();
                if (part.Status != 0)
                {
                    context.Response.StatusCode = part.Status;
                    foreach ((string header, string value) in part.Headers)
                        context.Response.Headers.Append(header, value);
                    await context.Response.StartAsync(context.RequestAborted);
                }
                await context.Response.Body.WriteAsync(part.Body, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            await King.PostAsync(() => Forget(key, wire));
        }
    }

    private void Ask(string key, HttpExchange exchange, Noun wire, Noun card)
    {
        if (_exchanges.Count >= MostRequests)
        {
            exchange.Parts.Writer.TryWrite(new HttpPart(503, [], [], IsLast: true));
            exchange.Parts.Writer.Complete();
            return;
        }
        _exchanges[key] = exchange;
        Plan(wire, card, failed: _ => Answer(key, new HttpPart(500, [], [], IsLast: true)));
    }

    private void Forget(string key, Noun wire)
    {
        if (_exchanges.Remove(key))
            Plan(wire, Cell.Of("cancel-request", 0));
    }

    // %start [status headers] data complete, %continue data complete, %cancel.
    private void Respond(string key, Noun response)
    {
        switch (TagOf(response))
        {
            case "start" when response is Cell { Tail: Cell { Head: Cell { Head: Atom status, Tail: Noun headers }, Tail: Cell { Head: Noun data, Tail: Noun complete } } }
                && status.TryGet(out ulong number):
                List<KeyValuePair<string, string>> pairs = [];
                foreach (Noun header in NounList.Items(headers))
                {
                    if (header is Cell { Head: Atom name, Tail: Atom value } && !Cord.Text(name).Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase))
                        pairs.Add(new(Cord.Text(name), Cord.Text(value)));
                }
                Answer(key, new HttpPart((int)number, pairs, Octets(data), complete == (Noun)0));
                break;
            case "continue" when response is Cell { Tail: Cell { Head: Noun data, Tail: Noun complete } }:
                Answer(key, new HttpPart(0, [], Octets(data), complete == (Noun)0));
                break;
            default:
                Answer(key, new HttpPart(0, [], [], IsLast: true, IsCancelled: true));
                break;
        }
    }

    private void Answer(string key, HttpPart part)
    {
        if (!_exchanges.TryGetValue(key, out HttpExchange? exchange))
            return;
        exchange.Parts.Writer.TryWrite(part);
        if (!part.IsLast)
            return;
        exchange.Parts.Writer.TryComplete();
        _exchanges.Remove(key);
    }

    // (unit octs): a length, and an atom that lacks the zeros at its end.
    private static byte[] Octets(Noun unit)
    {
        if (unit is not Cell { Tail: Cell { Head: Atom length, Tail: Atom data } } || !length.TryGet(out ulong size) || size > int.MaxValue)
            return [];
        byte[] bytes = new byte[size];
        data.Bytes[..Math.Min(data.ByteLength, bytes.Length)].CopyTo(bytes);
        return bytes;
    }

    // [secure address method url headers body]
    private static Noun RequestNoun(HttpContext context, byte[] body)
    {
        HttpRequest request = context.Request;
        byte[] ip = (context.Connection.RemoteIpAddress ?? IPAddress.Loopback).MapToIPv4().GetAddressBytes();
        Noun address = Cell.Of("ipv4", ((ulong)ip[0] << 24) | ((ulong)ip[1] << 16) | ((ulong)ip[2] << 8) | ip[3]);
        Noun headers = NounList.Of([.. request.Headers.SelectMany(static header => header.Value.Select(value => (Noun)Cell.Of(header.Key.ToLowerInvariant(), value ?? "")))]);
        Noun data = body.Length == 0 ? 0 : Cell.Of(0, body.Length, Atom.Of(body));
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return Cell.Of(1, address, request.Method, target, headers, data);
    }

    // @ud as a knot: with points between each three digits.
    private static string Dotted(int number)
    {
        StringBuilder text = new(number.ToString(CultureInfo.InvariantCulture));
        for (int at = text.Length - 3; at > 0; at -= 3)
            text.Insert(at, '.');
        return text.ToString();
    }
}
