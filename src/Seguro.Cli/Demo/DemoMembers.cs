using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Cli.Demo;

/// <summary>A cluster of three members and a balancer on this machine: what <c>seguro cluster init</c>, <c>seguro run</c> and <c>seguro balancer</c> make of an empty folder.</summary>
internal sealed class DemoMembers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(30);

    private readonly string _folder;
    private readonly Dictionary<string, DemoProcess> _running = [];
    private DemoProcess? _balancer;
    private string[] _settings = [];

    private DemoMembers(string folder) => _folder = folder;

    /// <summary>The members' names.</summary>
    public IReadOnlyList<string> Names { get; } = ["m1", "m2", "m3"];

    /// <summary>The store's URL.</summary>
    public string Store { get; private set; } = "";

    /// <summary>The folder with a client's certificates.</summary>
    public string Certificates => Path.Combine(Root, "client");

    /// <summary>The ship's public address.</summary>
    public IPEndPoint Public { get; private set; } = new(IPAddress.None, 0);

    private string Root => Path.Combine(_folder, "cluster");

    /// <summary>The balancer's process number.</summary>
    public int Balancer => _balancer!.Id;

    /// <summary>The process numbers of all that runs, by name.</summary>
    public IEnumerable<(string Name, int Id)> Processes => [.. _balancer is null ? [] : ((string, int)[])[("balancer", Balancer)], .. _running.Select(static pair => (pair.Key, pair.Value.Id))];

    /// <summary>Makes the cluster and starts all of it.</summary>
    /// <param name="folder">Where its files go.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="store">The URL of a store with the ship's log; the members' own dqlite where left out.</param>
    public static async Task<DemoMembers> StartAsync(string folder, CancellationToken cancel, string? store = null)
    {
        DemoMembers members = new(folder);
        try
        {
            string[] elsewhere = store is null ? [] : ["--store", store];
            string inside = await members.InitAsync(["--ship", "~zod", "--kernel", "demo", .. elsewhere], cancel);
            members.Store = store ?? members.Store;
            members._balancer = DemoProcess.Start(
                folder, "balancer", "balancer", "--listen", "127.0.0.1:0", "--inside", inside, "--key-file", Path.Combine(members.Root, "balancer.keys"), "--json");
            foreach (string name in members.Names)
                members.Start(name);
            using JsonDocument ready = JsonDocument.Parse(await members._balancer.FirstLineAsync(cancel));
            members.Public = IPEndPoint.Parse(ready.RootElement.GetProperty("listen").GetString()!);
            return members;
        }
        catch
        {
            await members.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the cluster of a ship on vere, and puts the ship's log into its store.</summary>
    public static async Task<DemoMembers> StartAsync(string folder, string ship, DemoVere vere, CancellationToken cancel)
    {
        DemoMembers members = new(folder) { _settings = vere.Words };
        try
        {
            await members.InitAsync(["--ship", ship], cancel);
            foreach (string name in members.Names)
            {
                Directory.CreateDirectory(members.Folder(name));
                await DemoProcess.RunAsync(folder, "copy", ["cp", "-a", "--sparse=always", vere.Pier, Path.Combine(members.Folder(name), "pier")], cancel);
                members.Start(name);
            }
            string[] import = DemoProcess.Seguro("pier", "import", vere.Pier, "--store", members.Store, "--certificates", members.Certificates);
            long start = Stopwatch.GetTimestamp();
            // The members' database takes its time to come up on a busy machine, and the import waits for it only so long.
            while (Stopwatch.GetElapsedTime(start) < Patience && !await DemoProcess.TryAsync(folder, "import", import, cancel))
                members.MustRun();
            return members;
        }
        catch
        {
            await members.DisposeAsync();
            throw;
        }
    }

    /// <summary>A member's data.</summary>
    public string Folder(string name) => Path.Combine(Root, name, "data");

    /// <summary>Starts a member.</summary>
    public void Start(string name) => _running[name] = DemoProcess.Start(_folder, name, ["run", "-c", Path.Combine(Root, name, "seguro.json"), .. _settings]);

    /// <summary>Fails where a member has ended by itself.</summary>
    public void MustRun()
    {
        foreach (DemoProcess process in _running.Values)
            process.MustRun();
    }

    /// <summary>Nothing of it is left: nothing may run.</summary>
    public void Forget() => Directory.Delete(Root, recursive: true);

    /// <summary>Ends a member with kill −9; its process number.</summary>
    public async Task<int> KillAsync(string name)
    {
        _running.Remove(name, out DemoProcess? process);
        int id = process!.Id;
        await process.KillAsync();
        await process.DisposeAsync();
        return id;
    }

    /// <summary>Asks a member's admin API.</summary>
    public async Task<T> AskAsync<T>(string name, Func<AdminClient, Task<T>> ask)
    {
        using AdminClient client = new(Path.Combine(Folder(name), "admin.sock"));
        return await ask(client);
    }

    /// <summary>Waits until a running member says that it is as wanted.</summary>
    public async Task<StatusReport> UntilAsync(string what, Func<StatusReport, bool> wanted, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        while (true)
        {
            foreach ((string name, DemoProcess process) in _running)
            {
                process.MustRun();
                try
                {
                    StatusReport status = await AskAsync(name, client => client.ReadStatusAsync(limit.Token));
                    if (wanted(status))
                        return status;
                }
                catch (SeguroException)
                {
                    // not up yet
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    throw new SeguroException(ErrorCode.ProcessFailed, $"{what} did not come to be within {Patience.TotalSeconds:0} s", string.Create(CultureInfo.InvariantCulture, $"Run the demo again; a machine that is busy with other things may be too slow."));
                }
            }
            await Task.Delay(Glance, cancel);
        }
    }

    /// <summary>Waits until there is a master above a term with that many healthy replicas.</summary>
    public Task<StatusReport> UntilMasterAsync(ulong above, int replicas, CancellationToken cancel) => UntilAsync(
        "a new master", status => status.Role == "master" && status.Term > above && status.Replicas.Count(static replica => replica.Healthy) >= replicas, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (DemoProcess process in _running.Values)
            process.Terminate();
        foreach (DemoProcess process in _running.Values)
            await process.DisposeAsync();
        if (_balancer is not null)
            await _balancer.DisposeAsync();
    }

    /// <summary>Makes the cluster's files; where its balancer is to be reached.</summary>
    private async Task<string> InitAsync(string[] words, CancellationToken cancel)
    {
        string made = await DemoProcess.RunAsync(_folder, "init", DemoProcess.Seguro(["cluster", "init", Root, "--members", "3", "--json", .. words]), cancel);
        using JsonDocument document = JsonDocument.Parse(made);
        Store = document.RootElement.GetProperty("store").GetString()!;
        return document.RootElement.GetProperty("balancer").GetString()!;
    }
}
