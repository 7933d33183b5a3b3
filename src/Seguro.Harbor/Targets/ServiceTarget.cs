using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Files;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Targets;

/// <summary>A harbor's service (<c>seguro harbor serve</c>): <c>harbor://HOST:PORT/OWNER?key=FILE&amp;authority=FILE</c>; for one on this machine without TLS, <c>&amp;plain=yes</c>.</summary>
/// <remarks>Each request is signed with the owner's access key, over HTTPS. What the service refuses comes with its words.</remarks>
internal sealed class ServiceTarget : IHarborTarget, IHarborAccount
{
    /// <summary>For an answer to begin; more for bodies, by their lengths.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const double SlowestBytesPerSecond = 32 << 10;
    private const int LongestRefusal = 4096;

    /// <summary>Below this a body is sent at once; above, the service is asked first whether it takes it.</summary>
    private const long AskFirst = 64 << 10;
    private readonly HttpClient _client;
    private readonly AccessKey _key;
    private readonly string _host;
    private readonly string _root;
    private readonly Uri _base;

    private ServiceTarget(TargetUrl url, string owner, AccessKey key, HttpClient client, bool isPlain)
    {
        _client = client;
        _key = key;
        _base = new UriBuilder(isPlain ? "http" : "https", url.Address.IdnHost, url.Address.IsDefaultPort || url.Address.Port < 0 ? 443 : url.Address.Port).Uri;
        _host = _base.Authority;
        _root = $"/v1/{owner}/";
        Name = $"harbor://{url.Address.Authority}/{owner}";
    }

    public string Name { get; }

    public static ServiceTarget Open(TargetUrl url)
    {
        url.Allow("key", "authority", "plain");
        bool isPlain = url.Options.TryGetValue("plain", out string? plain) && plain == "yes";
        string owner = url.Path.Trim('/');
        if (!ObjectPath.IsPart(owner))
            throw TargetUrl.Bad(url.Text, "it must name the owner, as the provider registered it: harbor://HOST/OWNER");
        if (url.Address.UserInfo.Length > 0)
            throw TargetUrl.Bad(url.Text, "it must name no user: an owner is known by a key");
        if (!url.Options.TryGetValue("key", out string? file))
            throw TargetUrl.Bad(url.Text, "it must name the file of the access key: key=FILE (`seguro harbor key access NAME` makes one)");
        if (isPlain && !url.Address.IsLoopback)
            throw new SeguroException(ErrorCode.InsecureTransport, $"{url.Address.Authority} would be spoken to without encryption", "Leave plain=yes out: it is for a service on this machine.");
        return new ServiceTarget(url, owner, AccessKey.Read(file), MakeClient(url.Options.GetValueOrDefault("authority")), isPlain);
    }

    public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel));
        content.Position = 0;
        using HttpRequestMessage request = Request(HttpMethod.Put, $"o/{name}", hash);
        using StreamContent body = new(new ReadStream(content)); // which is the caller's
        body.Headers.ContentLength = content.Length;
        request.Content = body;
        request.Headers.ExpectContinue = content.Length > AskFirst;
        using HttpResponseMessage? answer = await SendAsync(request, content.Length, $"put {name}", cancel, HttpStatusCode.PreconditionFailed);
        return answer is not null;
    }

    public async Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, $"o/{name}");
        if (length is { } bytes)
            request.Headers.Range = new RangeHeaderValue(0, bytes - 1);
        HttpResponseMessage answer = (await SendAsync(request, 0, $"get {name}", cancel))!;
        PatientStream content = new(await answer.Content.ReadAsStreamAsync(cancel), Patience);
        return new ReadStream(content, content, answer);
    }

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (string line in LinesAsync($"list/{folder}", $"list {folder}", cancel))
        {
            yield return line.Split(' ', 2) is [var size, var name] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
                ? new TargetObject(name, bytes)
                : throw Unavailable($"list {folder}: its answer makes no sense", null);
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        using HttpRequestMessage request = Request(HttpMethod.Delete, $"o/{name}");
        using HttpResponseMessage? answer = await SendAsync(request, 0, $"delete {name}", cancel);
    }

    public IAsyncEnumerable<string> ReadAccountAsync(CancellationToken cancel) => LinesAsync("account", "account", cancel);

    public IAsyncEnumerable<string> ReadAuditAsync(CancellationToken cancel) => LinesAsync("audit", "audit", cancel);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _key.Dispose();
        return ValueTask.CompletedTask;
    }

    private static HttpClient MakeClient(string? authority)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // several instances behind one name share what comes
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20), // before the service closes it, after a minute
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = true,
        };
        if (authority is not null)
        {
            X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(authority);
            }
            catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
            {
                throw FileFault.Reading(authority, failed);
            }
            catch (CryptographicException failed)
            {
                throw new SeguroException(ErrorCode.BadValue, $"{authority} holds no certificate: {failed.Message}", "Name the PEM file of the authority that issued the service's certificate.", failed);
            }
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string body = SignedRequest.NoBody)
    {
        string target = _root + path;
        HttpRequestMessage request = new(method, new Uri(_base, target)) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Host = _host;
        request.Headers.Authorization = new AuthenticationHeaderValue(SignedRequest.Scheme, SignedRequest.Sign(_key, method.Method, _host, target, DateTimeOffset.UtcNow, body));
        return request;
    }

    /// <summary>Sends it; <see langword="null"/> where the answer is <paramref name="expected"/>.</summary>
    private async Task<HttpResponseMessage?> SendAsync(HttpRequestMessage request, long length, string what, CancellationToken cancel, HttpStatusCode? expected = null)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience + TimeSpan.FromSeconds(length / SlowestBytesPerSecond));
        HttpResponseMessage? answer = null;
        try
        {
            answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
                return answer.StatusCode == expected ? null : throw await RefusedAsync(answer, what, patience.Token);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or System.Net.Sockets.SocketException || (failed is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            answer?.Dispose();
            throw Unavailable($"{what}: {(failed is OperationCanceledException ? "there was no answer in time" : failed.InnerException is System.Security.Authentication.AuthenticationException tls ? tls.Message : failed.Message)}", failed);
        }
    }

    private async IAsyncEnumerable<string> LinesAsync(string path, string what, [EnumeratorCancellation] CancellationToken cancel)
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, path);
        using HttpResponseMessage answer = (await SendAsync(request, 0, what, cancel))!;
        using StreamReader lines = new(new PatientStream(await answer.Content.ReadAsStreamAsync(cancel), Patience));
        while (true)
        {
            string? line;
            try
            {
                line = await lines.ReadLineAsync(cancel);
            }
            catch (Exception broken) when (broken is IOException or HttpRequestException)
            {
                throw Unavailable($"{what}: {broken.Message}", broken);
            }
            if (line == LastLine)
                yield break;
            yield return line ?? throw Unavailable($"{what}: the answer was cut", null);
        }
    }

    /// <summary>What ends each list: without it, it was cut.</summary>
    internal const string LastLine = "end";

    private async Task<SeguroException> RefusedAsync(HttpResponseMessage answer, string what, CancellationToken cancel)
    {
        byte[] text = new byte[LongestRefusal];
        await using Stream body = await answer.Content.ReadAsStreamAsync(cancel);
        int length = await body.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancel);
        string[] lines = System.Text.Encoding.UTF8.GetString(text, 0, length).Split('\n');
        bool isOurs = answer.Headers.Contains(Refused) && lines.Length > 1;
        string why = $"{Name}: {what}: {(isOurs ? Printable(lines[0]) : $"HTTP {(int)answer.StatusCode}")}";
        string next = isOurs ? Printable(lines[1]) : "See that the address is that of a harbor's service.";
        return new SeguroException(
            answer.StatusCode switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.MisdirectedRequest => ErrorCode.AccessDenied,
                HttpStatusCode.PreconditionRequired => ErrorCode.ClockDiffers,
                HttpStatusCode.NotFound => ErrorCode.NotFound,
                HttpStatusCode.InsufficientStorage or HttpStatusCode.RequestEntityTooLarge => ErrorCode.DiskFull,
                HttpStatusCode.Locked => ErrorCode.ObjectLocked,
                HttpStatusCode.BadRequest => ErrorCode.BadValue,
                _ => ErrorCode.HarborUnavailable,
            },
            why, next);
    }

    /// <summary>The header that a refusal of the service has, so that it is not taken for that of a proxy.</summary>
    internal const string Refused = "Seguro-Refused";

    private static string Printable(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)).Trim();

    private SeguroException Unavailable(string why, Exception? inner) =>
        new(ErrorCode.HarborUnavailable, $"{Name}: {why}", "See that the service can be reached and is well, and that its certificate is of an authority that this machine trusts (authority=FILE names another).", inner);
}
