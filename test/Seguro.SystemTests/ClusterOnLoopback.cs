using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A cluster that <c>seguro cluster init</c> made on this machine, each member a real <c>seguro run</c>.</summary>
internal sealed class ClusterOnLoopback : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = new("cluster");
    private readonly Dictionary<string, SeguroProcess> _running = [];

    private ClusterOnLoopback(IReadOnlyList<string> names) => Names = names;

    public IReadOnlyList<string> Names { get; }

    /// <summary>Makes the files; nothing runs yet.</summary>
    public static async Task<ClusterOnLoopback> MakeAsync(int members, params string[] options)
    {
        ClusterOnLoopback cluster = new([.. Enumerable.Range(1, members).Select(static number => $"m{number}")]);
        (await SeguroProcess.RunAsync(["cluster", "init", cluster._folder["c"], "--members", $"{members}", .. options.Contains("--import") ? [] : (string[])["--ship", "~zod", "--kernel", "demo"], .. options])).Ok();
        return cluster;
    }

    public string Root => _folder["c"];

    public string Configuration(string name) => Path.Combine(_folder["c"], name, "seguro.json");

    public string Data(string name) => Path.Combine(_folder["c"], name, "data");

    public void Start(string name, params string[] options) => _running[name] = SeguroProcess.Start(["run", "-c", Configuration(name), .. options]);

    public void StartAll(params string[] options)
    {
        foreach (string name in Names)
            Start(name, options);
    }

    /// <summary>Makes the folder of one more member, and starts it; it does not belong to the cluster yet.</summary>
    public async Task AddAsync(string name)
    {
        (await SeguroProcess.RunAsync("cluster", "add", _folder["c"], name)).Ok();
        Start(name);
    }

    public void Signal(string name, string signal) => _running[name].Signal(signal);

    /// <summary>The pid of a running member.</summary>
    public int Process(string name) => _running[name].Id;

    public SeguroProcess Take(string name)
    {
        _running.Remove(name, out SeguroProcess? process);
        return process!;
    }

    /// <summary>How a member stands; <see langword="null"/> where it does not answer.</summary>
    public async Task<StatusReport?> StatusAsync(string name)
    {
        using AdminClient client = new(Path.Combine(Data(name), "admin.sock"));
        try
        {
            return await client.ReadStatusAsync(TestContext.Current.CancellationToken);
        }
        catch (SeguroException)
        {
            return null;
        }
    }

    /// <summary>Waits until a running member's status is as wanted.</summary>
    public async Task<StatusReport> UntilAsync(string what, Func<StatusReport, bool> wanted, params string[] among)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        List<StatusReport?> last = [];
        while (!limit.IsCancellationRequested)
        {
            last.Clear();
            foreach (string name in among.Length > 0 ? among : [.. _running.Keys])
            {
                StatusReport? status = await StatusAsync(name);
                last.Add(status);
                if (status is not null && wanted(status))
                    return status;
            }
            foreach ((string name, SeguroProcess process) in _running)
            {
                if (process.HasExited)
                    Assert.Fail($"{name} ended while '{what}' was waited for: {Tail(await process.EndAsync() is var ended ? ended.Output + ended.Errors : "")}");
            }
            await Task.Delay(Glance, CancellationToken.None);
        }
        foreach (SeguroProcess process in _running.Values)
            process.Terminate();
        IEnumerable<string> outputs = await Task.WhenAll(_running.Select(static async pair => $"--- {pair.Key}\n{Tail((await pair.Value.EndAsync()).Output)}"));
        Assert.Fail($"'{what}' did not come to be. {string.Join("; ", last.Select(static status => status is null ? "no answer" : $"{status.Name} {status.Role} term {status.Term} master '{status.Master}' log {status.Durable.Event}"))}\n{string.Join('\n', outputs)}");
        throw new InvalidOperationException();
    }

    /// <summary>Waits until there is a master with that many healthy replicas.</summary>
    public Task<StatusReport> UntilMasterAsync(int replicas, ulong above = 0, params string[] among) => UntilAsync(
        $"a master above term {above} with {replicas} replicas",
        status => status.Role == "master" && status.Term > above && status.Replicas.Count(static replica => replica.Healthy) >= replicas,
        among);

    public async ValueTask DisposeAsync()
    {
        foreach (SeguroProcess process in _running.Values)
            await process.DisposeAsync();
        _folder.Dispose();
    }

    private static string Tail(string text) => text.Length > 3000 ? text[^3000..] : text;
}
