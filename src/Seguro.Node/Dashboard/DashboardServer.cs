using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Node.Links;

namespace Seguro.Node.Dashboard;

/// <summary>
/// The dashboard of a member, beside its admin API: a page that shows how the ship stands, that follows it by server-sent events, and that asks for changes once
/// the token was shown. Nothing of it comes from elsewhere.
/// </summary>
/// <remarks>For any thread. Who may read is decided by <see cref="AdminServer"/> before; who may ask for a change, here.</remarks>
sealed class DashboardServer(AdminOptions options, Func<string, bool> isToken, TimeProvider time) : IDisposable
{
    /// <summary>How many may follow at once.</summary>
    public const int MostFollowers = 16;

    // A browser sends it to nobody but this server, never from another site's page, and shows it to no script.
    private const string Cookie = "seguro";
    private const string SecureCookie = "__Host-seguro";
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<string, (string Type, byte[] Bytes)> Assets = new(StringComparer.Ordinal)
    {
        ["/dashboard.css"] = ("text/css; charset=utf-8", Read("dashboard.css")),
        ["/dashboard.js"] = ("text/javascript; charset=utf-8", Read("dashboard.js")),
    };

    private readonly DashboardSessions _sessions = new(time);
    private readonly SemaphoreSlim _followers = new(MostFollowers, MostFollowers);
    private readonly CancellationTokenSource _end = new();

    /// <summary>How pages look.</summary>
    public static byte[] Style => Assets["/dashboard.css"].Bytes;

    /// <summary>Whether a request is for the dashboard.</summary>
    public static bool Serves(string path) => path is "/" or "/events" or "/login" or "/logout" or "/wish" || Assets.ContainsKey(path);

    /// <summary>Whether a browser's request has a session.</summary>
    public bool HasSession(HttpRequest request) => _sessions.IsGood(request.Cookies[request.IsHttps ? SecureCookie : Cookie]);

    /// <summary>Ends what follows: a server that stops would wait for it.</summary>
    public void End() => _end.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Dispose();
        _followers.Dispose();
    }

    /// <summary>Answers a request for one of the dashboard's paths.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path, without the ship's.</param>
    /// <param name="ship">The ship; <see langword="null"/> where none is named, and the node holds many.</param>
    /// <param name="mayRead">Who asks may read.</param>
    public async Task ServeAsync(HttpContext context, string path, AdminShip? ship, bool mayRead)
    {
        HttpRequest request = context.Request;
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'self'; img-src data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        try
        {
            if (HttpMethods.IsPost(request.Method))
                await DoAsync(context, path, ship);
            else if (!HttpMethods.IsGet(request.Method))
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            else if (Assets.TryGetValue(path, out (string Type, byte[] Bytes) asset))
                await WriteAsync(context, 200, asset.Type, asset.Bytes);
            else if (path == "/login" || (path == "/" && !mayRead))
                await PageAsync(context, mayRead ? 200 : 401, DashboardPage.Login(isWrong: false));
            else if (!mayRead)
                await PageAsync(context, 401, DashboardPage.Refused("Nobody is known here without the token.", "Enter it on the first page."));
            else if (ship is null)
                await ListAsync(context, path);
            else if (path == "/events")
                await FollowAsync(context, ship);
            else if (path == "/")
                await ShowAsync(context, ship, 200, null);
            else
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        }
        catch (SeguroException error)
        {
            await PageAsync(context, 400, DashboardPage.Refused(error.Message, error.NextStep));
        }
    }

    private static byte[] Read(string name)
    {
        using Stream asset = typeof(DashboardServer).Assembly.GetManifestResourceStream(name)!;
        using MemoryStream bytes = new();
        asset.CopyTo(bytes);
        return bytes.ToArray();
    }

    private Task ListAsync(HttpContext context, string path) => path == "/" && options.Ships is { } ships
        ? PageAsync(context, 200, DashboardPage.Ships(ships.Report()))
        : PageAsync(context, 404, DashboardPage.Refused("This node holds many ships.", "Choose one on the first page."));

    private Task ShowAsync(HttpContext context, AdminShip ship, int code, (string What, string Next)? refusal)
    {
        bool mayAsk = HasSession(context.Request);
        return PageAsync(context, code, DashboardPage.Ship(ship.Status(), ship.History(), mayAsk, options.Token is not null, refusal));
    }

    /// <summary>Sends the part that changes whenever it did, and a sign of life otherwise.</summary>
    private async Task FollowAsync(HttpContext context, AdminShip ship)
    {
        if (!await _followers.WaitAsync(TimeSpan.Zero, context.RequestAborted))
        {
            await PageAsync(context, 503, DashboardPage.Refused($"{MostFollowers} browsers follow already.", "Close a page somewhere, and load this one again."));
            return;
        }
        try
        {
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _end.Token);
            context.Response.ContentType = "text/event-stream";
            string sent = "";
            long last = time.GetTimestamp();
            while (true)
            {
                string now = DashboardPage.Live(ship.Status(), ship.History());
                if (now != sent)
                    await SendAsync($"event: ship\ndata: \"{JsonEncodedText.Encode(sent = now)}\"\n\n"); // as JSON: an event's data ends with its line
                else if (time.GetElapsedTime(last) > Silence)
                    await SendAsync(": still here\n\n");
                await Task.Delay(Pace, time, end.Token);
            }

            async Task SendAsync(string text)
            {
                last = time.GetTimestamp();
                await context.Response.WriteAsync(text, end.Token);
                await context.Response.Body.FlushAsync(end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser went away, or the member ends.
        }
        finally
        {
            _followers.Release();
        }
    }

    private async Task DoAsync(HttpContext context, string path, AdminShip? ship)
    {
        HttpRequest request = context.Request;
        // Another site's page can make a browser send a form here, but can't choose where the browser says that it comes from.
        if (request.Headers.Origin is [{ } origin] && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            throw new SeguroException(ErrorCode.AccessDenied, $"the form comes from {origin}", "Use the page that this member serves.");
        Dictionary<string, StringValues> form = await FormAsync(request);
        CookieOptions cookie = new() { HttpOnly = true, Secure = request.IsHttps, SameSite = SameSiteMode.Strict, Path = "/" };
        string name = request.IsHttps ? SecureCookie : Cookie;
        switch (path)
        {
            case "/login" when isToken(form.GetValueOrDefault("token").ToString()):
                options.Audit?.Invoke($"{Who(context)} entered");
                context.Response.Cookies.Append(name, _sessions.Begin(), cookie);
                SeeOther(context);
                break;
            case "/login":
                options.Refused?.Invoke($"{Who(context)}: a wrong token at the dashboard");
                await PageAsync(context, 401, DashboardPage.Login(isWrong: true));
                break;
            case "/logout":
                context.Response.Cookies.Delete(name, cookie);
                SeeOther(context);
                break;
            case "/wish" when !HasSession(request):
                await PageAsync(context, 401, DashboardPage.Login(isWrong: false));
                break;
            case "/wish" when ship is not null:
                await WishAsync(context, ship, form);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                break;
        }
    }

    private async Task WishAsync(HttpContext context, AdminShip ship, Dictionary<string, StringValues> form)
    {
        string Field(string name) => form.GetValueOrDefault(name).ToString();
        string wish = Field("wish");
        if (Field("sure") != "yes")
            throw new SeguroException(ErrorCode.BadValue, "nobody said that this is meant", "Tick the box beside the button.");
        byte[] body = wish switch
        {
            "optimism" => JsonSerializer.SerializeToUtf8Bytes(new OptimismRequest(int.TryParse(Field("replicas"), out int replicas) ? replicas : -1, Field("loss")), AdminJson.Default.OptimismRequest),
            "stepdown" => JsonSerializer.SerializeToUtf8Bytes(new StepDownRequest(Field("to") is { Length: > 0 } to ? to : null), AdminJson.Default.StepDownRequest),
            "pause" => JsonSerializer.SerializeToUtf8Bytes(new PauseRequest(Field("why"), Despite: false), AdminJson.Default.PauseRequest),
            "resume" => JsonSerializer.SerializeToUtf8Bytes(new PauseRequest(null, Despite: false), AdminJson.Default.PauseRequest),
            _ => throw new SeguroException(ErrorCode.BadValue, $"there is no wish '{wish}'", "Load the page again."),
        };
        LinkReply reply = await ship.Actions.DoAsync("/" + wish, body, forwarded: false, context.RequestAborted);
        options.Audit?.Invoke($"{Who(context)} asked for {wish} {Encoding.UTF8.GetString(body)}: {(reply.Status == 200 ? "in force" : "not done")}");
        if (reply.Status == 200)
        {
            SeeOther(context);
            return;
        }
        ErrorReport.Content? error = JsonSerializer.Deserialize(reply.Body.Span, AdminJson.Default.ErrorReport)?.Error;
        await ShowAsync(context, ship, reply.Status, (error?.Message ?? "The member did not say why.", error?.Next ?? "Look at its log."));
    }

    private static async Task<Dictionary<string, StringValues>> FormAsync(HttpRequest request)
    {
        try
        {
            using FormReader reader = new(request.Body) { ValueCountLimit = 16, KeyLengthLimit = 64, ValueLengthLimit = 1024 };
            return await reader.ReadFormAsync(request.HttpContext.RequestAborted);
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new SeguroException(ErrorCode.BadValue, $"the form can't be read: {error.Message}", "Load the page again.", error);
        }
    }

    private static string Who(HttpContext context) => context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort).ToString() : "the socket";

    private static void SeeOther(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = "./";
    }

    private static Task PageAsync(HttpContext context, int code, string html) => WriteAsync(context, code, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(html));

    private static async Task WriteAsync(HttpContext context, int code, string type, byte[] bytes)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
