using System.Diagnostics;
using System.Globalization;
using System.Net;
using Seguro.Cli.Demo;
using Seguro.Node.Configuration;

namespace Seguro.Benchmarks;

/// <summary>A king and its worker by themselves, as their owner runs them.</summary>
internal sealed class VereAlone : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _binary;
    private readonly string _pier;
    private readonly string _arguments;
    private readonly Action<int> _started;
    private DemoProcess? _king;

    private VereAlone(string folder, string binary, string pier, Action<int> started)
    {
        _folder = folder;
        _binary = binary;
        _pier = pier;
        _started = started;
        int[] ports = FreePorts.Take(2);
        _arguments = string.Create(CultureInfo.InvariantCulture, $"-t -p {ports[0]} --http-port {ports[1]}");
        Http = new IPEndPoint(IPAddress.Loopback, ports[1]);
    }

    /// <summary>Where it answers.</summary>
    public IPEndPoint Http { get; }

    /// <summary>Starts it on a pier, and waits until it answers.</summary>
    public static async Task<VereAlone> StartAsync(string folder, string binary, string pier, Action<int> started, CancellationToken cancel)
    {
        VereAlone alone = new(folder, binary, pier, started);
        await alone.StartAsync(cancel);
        return alone;
    }

    /// <summary>kill −9 of both processes, and a start: how long until it answers.</summary>
    public async Task<TimeSpan> StartAgainAsync(CancellationToken cancel)
    {
        await KillAsync();
        return await StartAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task<TimeSpan> StartAsync(CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        _king = DemoProcess.StartProgram(_folder, "alone", [_binary, .. _arguments.Split(' '), _pier]);
        _started(_king.Id);
        using HttpLoad load = new(Http);
        await load.UntilAnsweredAsync(cancel);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task KillAsync()
    {
        if (_king is null)
            return;
        // The worker ends at its king's end as soon as it is idle; the pier is free then.
        int[] children = [.. ProcessMemory.ChildrenOf(_king.Id)];
        await _king.KillAsync();
        await _king.DisposeAsync();
        while (children.Any(static child => Directory.Exists($"/proc/{child}")))
            await Task.Delay(1, CancellationToken.None);
        _king = null;
    }
}
