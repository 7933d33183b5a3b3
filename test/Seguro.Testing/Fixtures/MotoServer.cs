using System.Net.Sockets;

namespace Seguro.Testing;

/// <summary>An S3 server for tests: moto (Debian's <c>python3-moto</c>, or pip's <c>moto[server]</c>), on a free port, its objects in memory.</summary>
public sealed class MotoServer : IAsyncDisposable
{
    private readonly Watchdog _watchdog;
    private readonly ServerProcess _process;

    private MotoServer(Watchdog watchdog, ServerProcess process, int port)
    {
        _watchdog = watchdog;
        _process = process;
        Port = port;
    }

    /// <summary>Its port on loopback.</summary>
    public int Port { get; }

    /// <summary>Its address.</summary>
    public string Endpoint => $"http://127.0.0.1:{Port}";

    /// <summary>Starts it, and returns when it answers.</summary>
    /// <param name="log">The file for what it prints.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task<MotoServer> StartAsync(string log, CancellationToken cancel)
    {
        int port = FreePort.Next();
        Watchdog watchdog = new();
        ServerProcess process = ServerProcess.Start(["moto_server", "-H", "127.0.0.1", "-p", $"{port}"], log, watchdog);
        while (!await AnswersAsync(port, cancel))
        {
            if (!Tool.IsRunning(process.Id))
                throw new InvalidOperationException($"moto_server did not start: {await File.ReadAllTextAsync(log, cancel)}");
            await Task.Delay(100, cancel);
        }
        return new MotoServer(watchdog, process, port);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _watchdog.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancel)
    {
        using TcpClient client = new();
        try
        {
            await client.ConnectAsync("127.0.0.1", port, cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
