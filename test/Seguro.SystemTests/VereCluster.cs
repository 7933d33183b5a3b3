using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Testing;
using Seguro.Vere.Disk;
using Seguro.Vere.Running;

namespace Seguro.SystemTests;

/// <summary>Three members of one ship that runs on the stand-in for vere: real members over their own dqlite, a real king, relay and worker on whoever is master.</summary>
internal sealed class VereCluster : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly ClusterOnLoopback _members;
    private readonly string[] _options;
    private readonly HttpClient _http = new() { Timeout = Deadline };
    private readonly Uri _address;
    private SeguroProcess? _balancer;

    private VereCluster(ClusterOnLoopback members, string[] options)
    {
        _members = members;
        _options = options;
        Http = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        _address = new Uri($"http://{Http}/");
    }

    /// <summary>Where clients ask the ship: at the balancer.</summary>
    public IPEndPoint Http { get; }

    /// <summary>The members, as processes.</summary>
    public ClusterOnLoopback Members => _members;

    /// <summary>Boots a ship, makes a cluster of its pier, and waits until it serves.</summary>
    public static Task<VereCluster> StartAsync(TemporaryFolder folder, params string[] more) => StartAsync(folder, StandInVere.Program, more);

    /// <summary>The same with a stand-in for a vere of 3.5, which speaks protocol 1.</summary>
    public static Task<VereCluster> StartOldAsync(TemporaryFolder folder, params string[] more) => StartWithAsync(folder, "STANDIN_VERE_VERSION=3.5", more);

    /// <summary>The same with veres that compute an event twice, all of them alike.</summary>
    public static Task<VereCluster> StartFaultyAsync(TemporaryFolder folder, ulong twice, params string[] more) =>
        StartWithAsync(folder, string.Create(CultureInfo.InvariantCulture, $"STANDIN_VERE_TWICE={twice}"), more);

    private static async Task<VereCluster> StartWithAsync(TemporaryFolder folder, string variable, string[] more)
    {
        string vere = folder["vere"];
        await File.WriteAllTextAsync(vere, $"#!/bin/sh\n{variable} exec '{StandInVere.Program}' \"$@\"\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(vere, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return await StartAsync(folder, vere, more);
    }

    private static async Task<VereCluster> StartAsync(TemporaryFolder folder, string vere, string[] more)
    {
        string arguments = string.Create(CultureInfo.InvariantCulture, $"-p {FreePort.Next()} --http-port {FreePort.Next()}");
        string pier = folder["zod"];
        await Tool.RunAsync([vere, "-F", "zod", "-t", "-x", .. arguments.Split(' '), "-c", pier]);
        ClusterOnLoopback members = await ClusterOnLoopback.MakeAsync(3, "--kind", "vere", "--vere-binary", vere, "--vere-arguments", arguments, "--import", pier, "--balancer", $"127.0.0.1:{FreePort.Next()}");
        VereCluster cluster = new(members, more);
        try
        {
            members.StartAll(more);
            await cluster.StartBalancerAsync();
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

    /// <summary>Starts the balancer, or starts it again.</summary>
    public async Task StartBalancerAsync()
    {
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        string inside = await SettingAsync(_members.Names[0], "balancer:address");
        _balancer = SeguroProcess.Start("balancer", "--http", Http.ToString(), "--inside", inside, "--key-file", Path.Combine(_members.Root, "balancer.keys"), "--json");
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

    /// <summary>Asks the ship, one question after the other, whatever becomes of it, until it is enough.</summary>
    public async Task KeepAskingAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            try
            {
                await _http.GetByteArrayAsync(_address, enough);
            }
            catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException)
            {
                // It does not answer.
            }
        }
    }

    /// <summary>Tells the ship something, which is in the event that comes of it, until it answers.</summary>
    public async Task TellAsync(byte[] body)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using ByteArrayContent content = new(body);
                using HttpResponseMessage answer = await _http.PostAsync(_address, content, TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException failed)
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < Deadline, $"the ship does not answer: {failed.Message}");
            }
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The events after which the epochs of a member's pier begin, in order.</summary>
    public IReadOnlyList<EventNumber> EpochsOf(string name) => PierEpochs.Starts(Path.Combine(_members.Data(name), "pier"));

    /// <summary>Types a line at a member's ship's terminal, and waits until it was shown a second time.</summary>
    /// <returns>What was shown from the line on.</returns>
    public async Task<string> TypeAsync(string name, string line)
    {
        await using NetworkStream terminal = await TerminalLine.ConnectAsync(_members.Data(name), TestContext.Current.CancellationToken);
        await TerminalLine.TypeAsync(terminal, Encoding.UTF8.GetBytes(line + "\r"), TestContext.Current.CancellationToken);
        string shown = "";
        byte[] buffer = new byte[4096];
        while (shown.Split(line).Length < 3)
        {
            int read = await terminal.ReadAsync(buffer, TestContext.Current.CancellationToken);
            Assert.True(read > 0, $"the terminal ended with: {shown}");
            shown += Encoding.UTF8.GetString(buffer, 0, read);
        }
        return shown;
    }

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
        if (_balancer is not null)
            await _balancer.DisposeAsync();
        await _members.DisposeAsync();
        _http.Dispose();
    }

    private Task<string> DqliteOfAsync(string name) => SettingAsync(name, $"members:{name}:dqlite");

    private async Task<string> SettingAsync(string name, string key) =>
        (await SeguroProcess.RunAsync("run", "--check", "--json", "-c", _members.Configuration(name))).Ok().Json.GetProperty("settings").EnumerateArray()
            .First(setting => setting.GetProperty("key").GetString() == key).GetProperty("value").GetString()!;
}
