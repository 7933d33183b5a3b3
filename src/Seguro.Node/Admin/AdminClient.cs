using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Node.Ships;

namespace Seguro.Node.Admin;

/// <summary>Speaks to a member's admin API on its Unix socket.</summary>
public sealed class AdminClient : IDisposable
{
    private readonly string _socket;
    private readonly string _of;
    private readonly HttpClient _http;

    /// <summary>Makes a client; it connects when it is used.</summary>
    /// <param name="socket">The path of the socket.</param>
    /// <param name="ship">Which ship's member is meant, where the node holds many; else its only one's.</param>
    public AdminClient(string socket, Ship? ship = null)
    {
        _socket = socket;
        _of = ship is { } one ? $"{ShipPath.All}/{one.Name}" : "";
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancel) =>
            {
                Socket unix = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await unix.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                    return new NetworkStream(unix, ownsSocket: true);
                }
                catch
                {
                    unix.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri("http://member"),
            Timeout = AdminActions.Patience * 2,
            MaxResponseContentBufferSize = 16 << 20,
        };
    }

    /// <summary>How the member stands.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: nobody answers.</exception>
    public Task<StatusReport> ReadStatusAsync(CancellationToken cancel) => SendAsync(HttpMethod.Get, "/status", null, cancel);

    /// <summary>What changed in the cluster, as the member saw it.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: nobody answers.</exception>
    public Task<IReadOnlyList<HistoryEntry>> ReadHistoryAsync(CancellationToken cancel) => SendAsync(HttpMethod.Get, "/history", null, AdminJson.Default.IReadOnlyListHistoryEntry, cancel);

    /// <summary>The node and all its ships.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.StoreUnavailable"/>: nobody answers.</exception>
    public Task<FleetReport> ReadShipsAsync(CancellationToken cancel) => SendAsync(HttpMethod.Get, ShipPath.All, null, AdminJson.Default.FleetReport, "", cancel);

    /// <summary>Adds a ship to the node's cluster; returns when it is on the cluster's list, which is before its members have started.</summary>
    /// <exception cref="SeguroException">What the node said; <see cref="ErrorCode.StoreUnavailable"/>: nobody answers.</exception>
    public Task<FleetReport> AddShipAsync(RegisteredShip ship, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, ShipPath.All, JsonSerializer.SerializeToUtf8Bytes(ship, AdminJson.Default.RegisteredShip), AdminJson.Default.FleetReport, "", cancel);

    /// <summary>Removes a ship from the node's cluster; returns when it is off the list, which is before its members have ended.</summary>
    /// <exception cref="SeguroException">As above.</exception>
    public Task<FleetReport> RemoveShipAsync(Ship ship, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"{ShipPath.All}/{ship.Name}{ShipPath.Remove}", "{}"u8.ToArray(), AdminJson.Default.FleetReport, "", cancel);

    /// <summary>Sets the optimism; returns when it is in force.</summary>
    /// <exception cref="SeguroException">What the member said; <see cref="ErrorCode.StoreUnavailable"/>: nobody answers.</exception>
    public Task<StatusReport> SetOptimismAsync(OptimismRequest optimism, CancellationToken cancel) => PostAsync("/optimism", optimism, AdminJson.Default.OptimismRequest, cancel);

    /// <summary>Changes who belongs to the cluster; returns when that is in force.</summary>
    /// <exception cref="SeguroException">As above.</exception>
    public Task<StatusReport> ChangeMembersAsync(MembersRequest change, CancellationToken cancel) => PostAsync("/members", change, AdminJson.Default.MembersRequest, cancel);

    /// <summary>Puts back into the store what it lost, from this member's local log.</summary>
    /// <exception cref="SeguroException">It does not stand still for that, has not all of it, or the store has other events in their place.</exception>
    public Task<StatusReport> PutBackAsync(CancellationToken cancel) => SendAsync(HttpMethod.Post, "/putback", "{}"u8.ToArray(), cancel);

    /// <summary>Gives up what the store lost.</summary>
    /// <exception cref="SeguroException">As <see cref="PutBackAsync"/>.</exception>
    public Task<StatusReport> AcceptLossAsync(CancellationToken cancel) => SendAsync(HttpMethod.Post, "/acceptloss", "{}"u8.ToArray(), cancel);

    /// <summary>Lets the master step down; returns when it has.</summary>
    /// <param name="to">Who is to be master; whoever is fit where <see langword="null"/>.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="SeguroException">As above.</exception>
    public Task<StatusReport> StepDownAsync(string? to, CancellationToken cancel) => PostAsync("/stepdown", new StepDownRequest(to), AdminJson.Default.StepDownRequest, cancel);

    /// <summary>As the other, to whoever is fit.</summary>
    /// <inheritdoc cref="StepDownAsync(string?, CancellationToken)"/>
    public Task<StatusReport> StepDownAsync(CancellationToken cancel) => StepDownAsync(null, cancel);

    /// <summary>Lets the ship compute nothing more; returns when that is in force.</summary>
    /// <exception cref="SeguroException">As above.</exception>
    public Task<StatusReport> PauseAsync(string why, CancellationToken cancel) => PostAsync("/pause", new PauseRequest(why, false), AdminJson.Default.PauseRequest, cancel);

    /// <summary>Lets it compute again; returns when that is in force.</summary>
    /// <exception cref="SeguroException">As above.</exception>
    public Task<StatusReport> ResumeAsync(bool despite, CancellationToken cancel) => PostAsync("/resume", new PauseRequest(null, despite), AdminJson.Default.PauseRequest, cancel);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<StatusReport> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(body, type), cancel);

    private Task<StatusReport> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel) => SendAsync(method, path, body, AdminJson.Default.StatusReport, cancel);

    private Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancel)
        where T : class => SendAsync(method, path, body, type, _of, cancel);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, string of, CancellationToken cancel)
        where T : class
    {
        try
        {
            using HttpRequestMessage request = new(method, of + path);
            if (body is not null)
                request.Content = new ByteArrayContent(body);
            using HttpResponseMessage response = await _http.SendAsync(request, cancel);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(cancel);
            if (response.IsSuccessStatusCode)
                return JsonSerializer.Deserialize(answer, type) ?? throw Unreachable("it answers nothing", null);
            throw JsonSerializer.Deserialize(answer, AdminJson.Default.ErrorReport)?.ToException() ?? Unreachable($"it answers {(int)response.StatusCode}", null);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or IOException or SocketException || (error is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw Unreachable((error.InnerException ?? error).Message, error);
        }
    }

    private SeguroException Unreachable(string why, Exception? error) =>
        new(ErrorCode.StoreUnavailable, $"no member answers at {_socket}: {why}", "Start it with `seguro run -c seguro.json`, or name another member's with -c or --admin.", error);
}
