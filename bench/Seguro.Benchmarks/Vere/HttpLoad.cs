using System.Diagnostics;
using System.Net;

namespace Seguro.Benchmarks;

/// <summary>A client that asks a ship by HTTP, on connections that are kept; an event each.</summary>
internal sealed class HttpLoad : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private readonly HttpClient _client;

    public HttpLoad(IPEndPoint ship) => _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{ship}"), Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Keeps so many requests under way, for so long: how many were answered in a second.</summary>
    public async Task<double> TogetherAsync(int requests, TimeSpan time, CancellationToken cancel)
    {
        long answered = 0;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, requests).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start) < time)
            {
                await AskAsync(cancel);
                Interlocked.Increment(ref answered);
            }
        }));
        return answered / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Asks until there is an answer.</summary>
    public async Task UntilAnsweredAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await AskAsync(cancel);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(Pause, cancel);
            }
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Asks once.</summary>
    public async ValueTask AskAsync(CancellationToken cancel)
    {
        using HttpResponseMessage answer = await _client.GetAsync("/~/login", cancel);
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsByteArrayAsync(cancel);
    }
}
