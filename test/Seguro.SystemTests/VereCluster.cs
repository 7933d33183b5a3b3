using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Seguro.Node.Admin;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Three members of one ship that runs on the stand-in for vere: real members over their own dqlite, a real king, relay and worker on whoever is master.</summary>
internal sealed class VereCluster : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly ClusterOnLoopback _members;
    private readonly string[] _options;
    private readonly HttpClient _http = new() { Timeout = Deadline };
    private readonly Uri _address;

    private VereCluster(ClusterOnLoopback members, string[] options, int port)
    {
        _members = members;
        _options = options;
        _address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
    }

    /// <summary>The members, as processes.</summary>
    public ClusterOnLoopback Members => _members;

    /// <summary>Boots a ship, makes the cluster, puts the ship's log into its store and a copy of the pier into each member's folder, and waits until it serves.</summary>
    public static async Task<VereCluster> StartAsync(TemporaryFolder folder, params string[] more)
    {
        int http = FreePort.Next();
        string arguments = string.Create(CultureInfo.InvariantCulture, $"-p {FreePort.Next()} --http-port {http}");
        string pier = folder["zod"];
        await Tool.RunAsync([StandInVere.Program, "-F", "zod", "-t", "-x", .. arguments.Split(' '), "-c", pier]);
        string[] options = ["--set", "ship:kind=vere", "--set", "ship:kernel=import", "--set", $"vere:binary={StandInVere.Program}", "--set", $"vere:arguments={arguments}", .. more];
        ClusterOnLoopback members = await ClusterOnLoopback.MakeAsync(3);
        VereCluster cluster = new(members, options, http);
        try
        {
            foreach (string name in members.Names)
            {
                Directory.CreateDirectory(members.Data(name));
                await Tool.RunAsync(["cp", "-a", "--sparse=always", pier, Path.Combine(members.Data(name), "pier")]);
            }
            members.StartAll(options);
            string store = "dqlite://" + string.Join(',', await Task.WhenAll(members.Names.Select(cluster.DqliteOfAsync)));
            (await SeguroProcess.RunAsync("pier", "import", pier, "--store", store, "--certificates", Path.Combine(members.Root, "client"))).Ok();
            await members.UntilMasterAsync(2);
            await cluster.AskAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a member that was killed.</summary>
    public void Start(string name) => _members.Start(name, _options);

    /// <summary>Asks the ship something, again and again until it answers.</summary>
    /// <returns>How many events it had computed then.</returns>
    public async Task<ulong> AskAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await AskOnceAsync();
            }
            catch (HttpRequestException failed)
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < Deadline, $"the ship does not answer: {failed.Message}");
            }
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks the ship something once.</summary>
    public async Task<ulong> AskOnceAsync() =>
        BinaryPrimitives.ReadUInt64LittleEndian((await _http.GetByteArrayAsync(_address, TestContext.Current.CancellationToken)).AsSpan(8));

    /// <summary>The processes of the ship that a member runs: king, relay, worker.</summary>
    public IReadOnlyList<(int Id, string Command)> ShipOf(string name)
    {
        string folder = _members.Data(name);
        List<(int, string)> found = [];
        foreach (string path in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(path), out int id))
                continue;
            try
            {
                string command = File.ReadAllText(Path.Combine(path, "cmdline")).Replace('\0', ' ');
                if (command.Contains(folder, StringComparison.Ordinal) && !command.Contains(" run ", StringComparison.Ordinal) && !command.Contains("dqlite-node", StringComparison.Ordinal))
                    found.Add((id, command));
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }
        return found;
    }

    /// <summary>Waits until a member has no process of the ship left.</summary>
    public async Task UntilNoShipAsync(string name)
    {
        long start = Stopwatch.GetTimestamp();
        while (ShipOf(name) is { Count: > 0 } left)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Deadline, $"left over: {string.Join("; ", left)}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>All members have the same log, up to an event at least, and the store's is verified.</summary>
    public async Task VerifyAsync(ulong atLeast)
    {
        StatusReport master = await _members.UntilAsync("a quiet master", status => status.Role == "master" && status.Committed.Event >= atLeast && status.Released >= status.Committed.Event);
        foreach (string name in _members.Names)
        {
            StatusReport status = await _members.UntilAsync(
                $"{name} at event {master.Committed.Event}", status => status.Durable.Event >= master.Committed.Event && status.Processed.Event >= master.Committed.Event, name);
            if (status.Durable.Event == master.Durable.Event)
                Assert.Equal(master.Durable.Chain, status.Durable.Chain);
        }
        string store = "dqlite://" + string.Join(',', await Task.WhenAll(_members.Names.Select(DqliteOfAsync)));
        (await SeguroProcess.RunAsync("log", "verify", "--store", store, "--certificates", Path.Combine(_members.Root, "client"))).Ok();
    }

    public async ValueTask DisposeAsync()
    {
        await _members.DisposeAsync();
        _http.Dispose();
    }

    private async Task<string> DqliteOfAsync(string name) =>
        (await SeguroProcess.RunAsync("run", "--check", "--json", "-c", _members.Configuration(name))).Ok().Json.GetProperty("settings").EnumerateArray()
            .First(setting => setting.GetProperty("key").GetString() == $"members:{name}:dqlite").GetProperty("value").GetString()!;
}
