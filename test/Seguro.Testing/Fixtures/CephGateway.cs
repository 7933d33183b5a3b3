using System.Globalization;

namespace Seguro.Testing;

/// <summary>
/// A real S3 server for tests: Debian's Ceph with its gateway (<c>ceph-mon</c>, <c>ceph-osd</c>, <c>radosgw</c>), as three plain processes
/// in a temporary folder, on free ports of loopback.
/// </summary>
/// <remarks>
/// One monitor, one OSD whose objects are in memory, no manager, no service, nothing below <c>/etc</c> or <c>/var</c>.
/// Ended by process id; by a watchdog where the tests' process dies.
/// </remarks>
public sealed class CephGateway : IAsyncDisposable
{
    /// <summary>The access key of the user who may use all that is wanted.</summary>
    public const string Key = "key";

    /// <summary>The secret of <see cref="Key"/>.</summary>
    public const string Secret = "secret";

    /// <summary>The access key of a user whose buckets take <see cref="SmallObjects"/> objects.</summary>
    public const string SmallKey = "small";

    /// <summary>How many objects a bucket of that user takes.</summary>
    public const int SmallObjects = 8;

    private const int StepSeconds = 90; // the machine may be busy

    private readonly TemporaryFolder _folder = new("ceph");
    private readonly Watchdog _watchdog = new();
    private readonly List<ServerProcess> _processes = [];

    private CephGateway() => Port = FreePort.Next();

    /// <summary>The gateway's port on loopback.</summary>
    public int Port { get; }

    /// <summary>Its address.</summary>
    public string Endpoint => $"http://127.0.0.1:{Port}";

    private string Configuration => _folder["ceph.conf"];

    /// <summary>Starts it, and returns when it answers.</summary>
    /// <exception cref="InvalidOperationException">It did not start; the message has what its processes wrote.</exception>
    public static async Task<CephGateway> StartAsync(CancellationToken cancel)
    {
        CephGateway gateway = new();
        try
        {
            await gateway.BeginAsync(cancel);
            return gateway;
        }
        catch (Exception failed)
        {
            string logs = gateway.ReadLogs();
            await gateway.DisposeAsync();
            throw new InvalidOperationException($"Ceph did not start: {failed.Message}\n{logs}", failed);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ServerProcess process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _watchdog.Dispose();
        _folder.Dispose();
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        Guid cluster = Guid.NewGuid();
        Guid disk = Guid.NewGuid();
        string monitor = $"v2:127.0.0.1:{FreePort.Next()}/0";
        foreach (string name in new[] { "run", "mon", "osd" })
            Directory.CreateDirectory(_folder[name]);
        await File.WriteAllTextAsync(_folder["keyring"], "", cancel); // it is read, though nobody proves who he is
        await File.WriteAllTextAsync(Configuration, Configure(cluster, monitor), cancel);

        await RunAsync("monmaptool", ["--create", "--fsid", $"{cluster}", "--addv", "a", $"[{monitor}]", _folder["monmap"]]);
        await RunAsync("ceph-mon", ["-c", Configuration, "--mkfs", "-i", "a", "--monmap", _folder["monmap"], "--keyring", _folder["keyring"]]);
        Start("ceph-mon", "-i", "a");
        // Without a manager nobody sets the ratios, and at 0 every disk counts as full.
        await RunAsync(
            "ceph", ["-c", Configuration, "--connect-timeout", $"{StepSeconds}"],
            $"osd new {disk}\nosd set-full-ratio .97\nosd set-backfillfull-ratio .96\nosd set-nearfull-ratio .95\n");
        await RunAsync("ceph-osd", ["-c", Configuration, "--no-mon-config", "-i", "0", "--mkfs", "--osd-uuid", $"{disk}"]);
        Start("ceph-osd", "--no-mon-config", "-i", "0");
        await MakeUserAsync(Key);
        await MakeUserAsync(SmallKey, "--rgw-bucket-default-quota-max-objects", SmallObjects.ToString(CultureInfo.InvariantCulture));
        Start("radosgw", "--no-mon-config", "-n", "client.rgw.a");
        using HttpClient client = new() { BaseAddress = new Uri(Endpoint) };
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri("/", UriKind.Relative), cancel);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It is not there yet.
            }
            if (_processes.FirstOrDefault(static process => !Tool.IsRunning(process.Id)) is { } ended)
                throw new InvalidOperationException($"process {ended.Id} ended");
            await Task.Delay(50, cancel);
        }
    }

    private Task MakeUserAsync(string key, params string[] more) => RunAsync(
        "radosgw-admin",
        ["-c", Configuration, "--no-mon-config", "user", "create", "--uid", key, "--display-name", key, "--access-key", key, "--secret-key", Secret, .. more]);

    /// <summary>A step that ends by itself. Ceph's programs wait for each other for five minutes.</summary>
    private static Task<string> RunAsync(string program, IReadOnlyList<string> words, string input = "") =>
        Tool.RunAsync(["timeout", StepSeconds.ToString(CultureInfo.InvariantCulture), program, .. words], input);

    private void Start(string program, params string[] words) =>
        _processes.Add(ServerProcess.Start([program, "-c", Configuration, .. words, "-f"], _folder[program + ".log"], _watchdog));

    private string ReadLogs()
    {
        const int Shown = 3000;
        IEnumerable<string> shown = Directory.EnumerateFiles(_folder.Path, "*.log")
            .Select(static file => (Path.GetFileName(file), File.ReadAllText(file)))
            .Select(static log => $"--- {log.Item1}\n{log.Item2[^Math.Min(log.Item2.Length, Shown)..]}");
        return string.Join('\n', shown);
    }

    private string Configure(Guid cluster, string monitor) =>
        $"""
        [global]
        fsid = {cluster}
        mon host = {monitor}
        mon initial members = a
        auth cluster required = none
        auth service required = none
        auth client required = none
        auth supported = none
        keyring = {_folder["keyring"]}
        ms cluster mode = crc secure
        ms service mode = crc secure
        ms client mode = crc secure
        ms mon cluster mode = crc secure
        ms mon service mode = crc secure
        ms mon client mode = crc secure
        ms bind msgr1 = false
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        mon data = {_folder["mon"]}
        mon data avail crit = 1
        mon allow pool size one = true
        mon cluster log to file = false
        osd data = {_folder["osd"]}
        osd objectstore = memstore
        memstore device bytes = 4294967296
        osd crush chooseleaf type = 0
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 1
        osd pool default pgp num = 1
        osd pool default pg autoscale mode = off
        run dir = {_folder["run"]}
        admin socket = {_folder["run"]}/$name.$pid.asok
        log file =
        log to stderr = true
        err to stderr = true
        rgw frontends = beast endpoint=127.0.0.1:{Port}
        rgw dynamic resharding = false

        """;
}
