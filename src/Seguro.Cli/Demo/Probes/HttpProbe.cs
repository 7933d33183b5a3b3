using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;

namespace Seguro.Cli.Demo.Probes;

/// <summary>A client that asks a ship by HTTP, one question after the other, each again until it is answered. For one thread.</summary>
/// <remarks>
/// Each try has a connection of its own, so that what it waits for is the ship, and no connection to one that is gone. The kernel that the tests' program boots says in its answer how many
/// requests it has computed: one that says no more than an earlier answer has lost that one.
/// </remarks>
internal sealed class HttpProbe : IDisposable
{
    private const int CountSize = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly HttpClient _client;
    private readonly Uri _address;
    private ulong _last;

    /// <param name="address">Where the ship is asked.</param>
    public HttpProbe(IPEndPoint address)
    {
        _address = new Uri($"http://{address}/~/login");
        _client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false }) { Timeout = Patience };
    }

    /// <summary>How many questions were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>How many answers show that an event whose answer had been heard is gone.</summary>
    public int Lost { get; private set; }

    /// <summary>Asks until it is answered; how long that took.</summary>
    /// <param name="alive">Throws where nobody will ever answer.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<TimeSpan> AskAsync(Action alive, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await _client.GetAsync(_address, cancel);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    Note(await answer.Content.ReadAsByteArrayAsync(cancel));
                    return Stopwatch.GetElapsedTime(start);
                }
            }
            catch (HttpRequestException)
            {
                // Nobody there, or gone in the middle.
            }
            alive();
            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>Asks so many questions.</summary>
    public async Task<Latencies> AskAsync(int count, Action alive, CancellationToken cancel)
    {
        Latencies latencies = new();
        for (int i = 0; i < count; i++)
            latencies.Add(await AskAsync(alive, cancel));
        return latencies;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private void Note(byte[] body)
    {
        Answered++;
        if (body.Length != CountSize)
            return; // a ship of vere's answers with a page
        ulong requests = BinaryPrimitives.ReadUInt64LittleEndian(body);
        if (requests <= _last)
            Lost++;
        _last = requests;
    }
}
