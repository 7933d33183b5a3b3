using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Seguro.Node.Startup;

/// <summary>Tells systemd how a service stands, as sd_notify(3) has it: that it is up, what it waits for, that it lives, that it ends. Says nothing where systemd did not ask for it.</summary>
/// <remarks>For one thread. A word that can't be said is dropped: nothing rests on it but systemd's own patience.</remarks>
public sealed class ServiceNotify : IDisposable
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Socket? _socket;
    private readonly UnixDomainSocketEndPoint? _manager;
    private readonly TimeSpan _between = Longest;
    private readonly bool _isWatched;
    private string _said = "";

    internal ServiceNotify(string? path, string? watchdog)
    {
        if (string.IsNullOrEmpty(path))
            return;
        _manager = new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path);
        _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        _isWatched = long.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0;
        if (_isWatched)
            _between = TimeSpan.FromMicroseconds(Math.Min(microseconds / 3, Longest.TotalMicroseconds));
    }

    /// <summary>As the environment says; which is taken out of it, so that no child speaks for this process.</summary>
    public static ServiceNotify OfProcess()
    {
        ServiceNotify notify = new(Environment.GetEnvironmentVariable(SocketVariable), Environment.GetEnvironmentVariable(WatchdogVariable));
        Environment.SetEnvironmentVariable(SocketVariable, null);
        Environment.SetEnvironmentVariable(WatchdogVariable, null);
        return notify;
    }

    /// <summary>The service is up: it can be asked how it stands.</summary>
    public void Ready() => Say("READY=1");

    /// <summary>It ends, and may take its time.</summary>
    public void Stopping() => Say("STOPPING=1");

    /// <summary>Says how it stands whenever that changed, and that it lives for as long as it does.</summary>
    /// <param name="isAlive">It does what it is there for, or waits for others: it does not hang.</param>
    /// <param name="status">How it stands, in a line.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task KeepAsync(Func<bool> isAlive, Func<string> status, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(isAlive);
        ArgumentNullException.ThrowIfNull(status);
        while (_socket is not null && !cancel.IsCancellationRequested)
        {
            string now = status().ReplaceLineEndings(" ");
            if (now != _said)
                Say($"STATUS={_said = now}");
            if (_isWatched && isAlive())
                Say("WATCHDOG=1");
            await Task.Delay(_between, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private void Say(string what)
    {
        try
        {
            _socket?.SendTo(Encoding.UTF8.GetBytes(what), _manager!);
        }
        catch (SocketException)
        {
            // systemd is away, or its queue is full: the next word comes soon.
        }
    }
}
