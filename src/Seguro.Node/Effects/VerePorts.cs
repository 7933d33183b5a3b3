using System.Globalization;
using System.Net.Sockets;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Node.Effects;

/// <summary>
/// Tells the balancer who is master of a ship that runs on vere, and where the ship's own ports are: its UDP port, which its king is given, and that
/// for HTTP, which its king writes down.
/// </summary>
/// <remarks>Threading: from any thread. The balancer hears of a change at once, and of all of it once a second.</remarks>
public sealed class VerePorts : IAsyncDisposable
{
    private const string File = ".http.ports";
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private readonly BalancerLink _link;
    private readonly string _file;
    private readonly int _udp;
    private readonly VereNetwork? _network;
    private readonly FileSystemWatcher? _watcher;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;
    private readonly Task _hearing;
    private readonly Lock _role = new();
    private readonly string _pier;
    private bool _isMaster;
    private DateTime? _old; // when a file was written that is not believed, and could not be removed

    /// <param name="link">The way to the balancer; disposed of with this.</param>
    /// <param name="pier">The member's pier.</param>
    /// <param name="arguments">What the king is given.</param>
    /// <param name="network">Joins the ship's own network with the link, where it has one; disposed of with this.</param>
    public VerePorts(BalancerLink link, string pier, IReadOnlyList<string> arguments, VereNetwork? network = null)
    {
        ArgumentNullException.ThrowIfNull(link);
        ArgumentNullException.ThrowIfNull(arguments);
        _link = link;
        _pier = pier;
        _file = Path.Combine(pier, File);
        _network = network;
        _udp = network is null ? UdpPortOf(arguments) : 0; // no kernel can carry anything there
        _link.Place(_udp, 0);
        if (Directory.Exists(pier))
        {
            _watcher = new FileSystemWatcher(pier, File);
            _watcher.Changed += (_, _) => Look();
            _watcher.Created += (_, _) => Look();
            _watcher.Deleted += (_, _) => Look();
            _watcher.EnableRaisingEvents = true;
        }
        _looking = LookAsync();
        _hearing = network?.Completion ?? HearAsync();
        Completion = Task.WhenAny(_link.Completion, _looking, _hearing).Unwrap();
    }

    /// <summary>Ends when nothing can be said to the balancer any more, or the ports are not looked for any more.</summary>
    public Task Completion { get; }

    /// <summary>What people should know of the balancer now; each a full sentence.</summary>
    public IReadOnlyList<string> Warnings => [.. _link.Warnings, .. _network?.Warnings ?? []];

    /// <summary>What an earlier life of the ship left there leads nowhere.</summary>
    /// <param name="pier">A pier on which nothing runs.</param>
    /// <exception cref="IOException">The file can't be removed.</exception>
    public static void Forget(string pier) => System.IO.File.Delete(Path.Combine(pier, File));

    /// <summary>The port in a king's arguments: <c>-p N</c>, <c>--ames-port N</c>; 0 where none is named.</summary>
    public static int UdpPortOf(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        for (int at = 0; at < arguments.Count; at++)
        {
            string? text = arguments[at] switch
            {
                "-p" or "--ames-port" when at + 1 < arguments.Count => arguments[at + 1],
                string word when word.StartsWith("--ames-port=", StringComparison.Ordinal) => word["--ames-port=".Length..],
                string word when word.StartsWith("-p", StringComparison.Ordinal) => word[2..],
                _ => null,
            };
            if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
                return port;
        }
        return 0;
    }

    /// <summary>The public port for HTTP in what a king wrote down; 0 where it names none.</summary>
    /// <param name="text">Lines <c>PORT secure|insecure loopback|public</c>, as vere writes them.</param>
    public static int HttpPortOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var port, "insecure", "public"] && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number))
                return number;
        }
        return 0;
    }

    /// <summary>Hears of a change of role. Of a member that becomes master the ship is not up yet: what its king wrote down in an earlier life is not believed.</summary>
    public void ChangeRole(Role role, Term term)
    {
        lock (_role)
        {
            if (role is Role.Master && !_isMaster)
                ForgetOld();
            _isMaster = role is Role.Master;
            _network?.ChangeRole(_isMaster, term);
            _link.Announce(_isMaster, term);
        }
        Look();
    }

    /// <summary>Hears of a term that this member knows now, whatever its role.</summary>
    public void SeeTerm(Term term)
    {
        lock (_role)
        {
            if (!_isMaster)
                _link.Announce(isMaster: false, term);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        _watcher?.Dispose();
        await _stop.CancelAsync();
        await _looking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_network is { } network)
            await network.DisposeAsync();
        await _hearing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _link.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>The balancer's answers are heard, by which its warnings go; the kernel carries the datagrams, so these are nobody's.</summary>
    private async Task HearAsync()
    {
        byte[] buffer = new byte[BalancerFrame.MaxSize];
        try
        {
            while (true)
                await _link.ReceiveAsync(buffer, _stop.Token);
        }
        catch (Exception over) when (_stop.IsCancellationRequested && over is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }

    // Beside the kernel's notifications: one that is lost costs a second.
    private async Task LookAsync()
    {
        using PeriodicTimer timer = new(Glance);
        while (await timer.WaitForNextTickAsync(_stop.Token))
            Look();
    }

    private void Look()
    {
        lock (_role)
        {
            int port = _isMaster ? Read() : 0;
            _link.Place(_udp, _network?.Serve(port) ?? port);
        }
    }

    private void ForgetOld()
    {
        try
        {
            _old = null;
            Forget(_pier);
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            _old = System.IO.File.GetLastWriteTimeUtc(_file);
        }
    }

    private int Read()
    {
        try
        {
            if (_old is { } old && System.IO.File.GetLastWriteTimeUtc(_file) == old)
                return 0;
            return HttpPortOf(System.IO.File.ReadAllText(_file));
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
