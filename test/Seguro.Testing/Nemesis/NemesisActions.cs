using Seguro.Core;
using Seguro.Node.Admin;

namespace Seguro.Testing;

/// <summary>Does to a cluster what a step says, and undoes it.</summary>
internal sealed class NemesisActions(NemesisCluster cluster)
{
    private const int Attempts = 40;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);
    private string _master = "m1";

    /// <summary>Does a step; at its end nothing of it is left but what the cluster made of it.</summary>
    public async Task DoAsync(NemesisStep step, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, StatusReport> statuses = await cluster.StatusesAsync(cancel);
        _master = statuses.Values.Where(static status => status.Role == "master").MaxBy(static status => status.Term)?.Name ?? _master;
        string master = _master;
        string[] replicas = [.. cluster.Names.Where(name => name != master)];
        string replica = replicas[step.Replica];
        string either = step.WithDatabase ? master : replica;
        string[] rest = [MemberNetworks.Hub, .. replicas];
        await (step.Fault switch
        {
            NemesisFault.KillMaster => KillAsync(step, [master], cancel),
            NemesisFault.KillReplica => KillAsync(step, [replica], cancel),
            NemesisFault.KillBalancer => KillAsync(step, [MemberNetworks.Hub], cancel),
            NemesisFault.KillAll => KillAsync(step with { WithDatabase = true }, [MemberNetworks.Hub, .. cluster.Names], cancel),
            NemesisFault.KillDatabaseNode => KillDatabaseAsync([either], cancel),
            NemesisFault.KillMasterAndDatabase => KillWithDatabaseAsync(step, master, replicas, cancel),
            NemesisFault.PauseMaster => PauseAsync(step, master, cancel),
            NemesisFault.PauseReplica => PauseAsync(step, replica, cancel),
            NemesisFault.PauseBalancer => PauseAsync(step, MemberNetworks.Hub, cancel),
            NemesisFault.PauseDatabaseNode => PauseDatabaseAsync(step, either, cancel),
            NemesisFault.IsolateMaster => CutAsync(Both([master], rest), step.Lasts, cancel),
            NemesisFault.CutMasterFromMembers => CutAsync(Both([master], replicas), step.Lasts, cancel),
            NemesisFault.IsolateReplica => CutAsync(Both([replica], [MemberNetworks.Hub, .. cluster.Names.Where(name => name != replica)]), step.Lasts, cancel),
            NemesisFault.DeafMaster => CutAsync(rest.Select(place => (place, master)), step.Lasts, cancel),
            NemesisFault.MuteMaster => CutAsync(rest.Select(place => (master, place)), step.Lasts, cancel),
            NemesisFault.Bridge => CutAsync(Both([master], [replica]), step.Lasts, cancel),
            NemesisFault.Shatter => CutAsync(Both(cluster.Names, cluster.Names).Where(static link => link.From != link.To), step.Lasts, cancel),
            NemesisFault.FlapMaster => FlapAsync([.. Both([master], rest)], step, cancel),
            NemesisFault.LoseDatagrams => LoseAsync(step, cancel),
            NemesisFault.WipeReplica => WipeAsync(step, replica, cancel),
            NemesisFault.ChangeOptimism => SetOptimismAsync(step.Amount, cancel),
            NemesisFault.StepDown => TryAsync(master, client => client.StepDownAsync(cancel)),
            NemesisFault.Restart => RestartAsync(step, either, cancel),
            NemesisFault.KillKing => Tool.SignalAsync("KILL", cluster.ShipOf(master, "--serf-bin")),
            NemesisFault.KillWorker => Tool.SignalAsync("KILL", cluster.ShipOf(master, "work", without: "relay")),
            NemesisFault.KillRelay => Tool.SignalAsync("KILL", cluster.ShipOf(master, "relay")),
            _ => throw new ArgumentOutOfRangeException(nameof(step)),
        });
    }

    /// <summary>Changes the optimism, again where it is not known to be in force.</summary>
    public async Task<StatusReport> SetOptimismAsync(int optimism, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            StatusReport master = await cluster.UntilMasterAsync(Math.Max(1, optimism), cancel);
            if (await TryAsync(master.Name, client => client.SetOptimismAsync(new OptimismRequest(optimism, null), cancel)) is { } set)
                return set;
            if (attempt == Attempts)
                throw new TimeoutException($"optimism {optimism} was not in force after {attempt} requests");
            await Task.Delay(Between, cancel);
        }
    }

    private static IEnumerable<(string From, string To)> Both(IEnumerable<string> one, IEnumerable<string> other) =>
        one.SelectMany(left => other.SelectMany(right => ((string, string)[])[(left, right), (right, left)])).Distinct();

    private async Task KillAsync(NemesisStep step, IReadOnlyList<string> places, CancellationToken cancel)
    {
        await Task.WhenAll(places.Select(place => cluster.KillAsync(place, step.WithDatabase)));
        await Task.Delay(step.Lasts, cancel);
        foreach (string place in places)
            cluster.Start(place);
    }

    // Whichever node leads the database: it goes together with the master, and so does the majority.
    private async Task KillWithDatabaseAsync(NemesisStep step, string master, string[] replicas, CancellationToken cancel)
    {
        Task killing = KillAsync(step with { WithDatabase = true }, [master], cancel);
        await KillDatabaseAsync(replicas, cancel);
        await killing;
    }

    // dqlite's nodes are started again by their members. A PostgreSQL primary dies for good: a standby takes its place, and it comes back as that one's standby.
    private Task KillDatabaseAsync(IEnumerable<string> members, CancellationToken cancel) =>
        cluster.Postgres is { } postgres ? postgres.FailOverAsync(cancel) : cluster.SignalDatabaseAsync("KILL", members);

    private async Task PauseAsync(NemesisStep step, string place, CancellationToken cancel)
    {
        await cluster.SignalAsync(place, "STOP", step.WithDatabase);
        await Task.Delay(step.Lasts, cancel);
        await cluster.SignalAsync(place, "CONT", withDatabase: true);
    }

    private async Task PauseDatabaseAsync(NemesisStep step, string member, CancellationToken cancel)
    {
        if (cluster.Postgres is { } postgres)
        {
            PostgresServer server = step.WithDatabase ? postgres.Primary : postgres.Standbys.ElementAt(step.Replica);
            await server.FreezeAsync();
            await Task.Delay(step.Lasts, cancel);
            await server.ThawAsync();
            return;
        }
        await cluster.SignalDatabaseAsync("STOP", member);
        await Task.Delay(step.Lasts, cancel);
        await cluster.SignalDatabaseAsync("CONT", member);
    }

    private async Task CutAsync(IEnumerable<(string From, string To)> links, TimeSpan lasts, CancellationToken cancel)
    {
        await cluster.Networks.SetAsync([.. links]);
        await Task.Delay(lasts, cancel);
        await cluster.Networks.HealAsync();
    }

    private async Task FlapAsync((string, string)[] links, NemesisStep step, CancellationToken cancel)
    {
        for (int times = 0; times < 4; times++)
        {
            await CutAsync(links, step.Lasts / 4, cancel);
            await Task.Delay(Between, cancel);
        }
    }

    private async Task LoseAsync(NemesisStep step, CancellationToken cancel)
    {
        await cluster.Networks.SetAsync([], step.Amount);
        await Task.Delay(step.Lasts, cancel);
        await cluster.Networks.HealAsync();
    }

    // Never a second disk before the first is made good: the others have all of the log.
    private async Task WipeAsync(NemesisStep step, string replica, CancellationToken cancel)
    {
        await cluster.UntilWholeAsync(cancel);
        await cluster.UntilEqualAsync(cancel);
        await cluster.KillAsync(replica, withDatabase: true);
        cluster.Wipe(replica);
        await Task.Delay(step.Lasts, cancel);
        cluster.Start(replica);
    }

    private async Task RestartAsync(NemesisStep step, string member, CancellationToken cancel)
    {
        await cluster.StopAsync(member);
        await Task.Delay(step.Lasts, cancel);
        cluster.Start(member);
    }

    private async Task<StatusReport?> TryAsync(string member, Func<AdminClient, Task<StatusReport>> ask)
    {
        try
        {
            return await cluster.AskAsync(member, ask);
        }
        catch (SeguroException)
        {
            return null; // It is not master any more, or nobody can say what came of it.
        }
    }
}
