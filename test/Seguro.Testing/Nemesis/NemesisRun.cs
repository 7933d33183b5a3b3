using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Node.Admin;
using Seguro.Piers;

namespace Seguro.Testing;

/// <summary>
/// A cluster of real processes, a client outside that talks to its ship, and somebody who kills, stops and parts them. At the end all is made whole, and what the client saw is compared with
/// the members' logs and the store's.
/// </summary>
/// <remarks>Pauses here are load: how long faults last, and how long the cluster is left alone. No check depends on them. Needs root, for the networks.</remarks>
public sealed partial class NemesisRun
{
    private const int AnswersBetween = 10;
    private const double LeastSilence = 300;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly NemesisOptions _options;
    private readonly Action<string> _tell;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Dictionary<NemesisFault, int> _faults = [];
    private readonly List<Sighting> _sightings = [];
    private readonly List<(ulong From, ulong To)> _zero = [];
    private readonly List<string> _violations = [];
    private int _atZero;

    private NemesisRun(NemesisOptions options, Action<string> tell)
    {
        _options = options;
        _tell = tell;
    }

    /// <summary>Runs it.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="tell">Hears what happens, a line each.</param>
    /// <param name="cancel">Ends it, everything cleaned up.</param>
    public static async Task<NemesisResult> RunAsync(NemesisOptions options, Action<string> tell, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        await using PostgresCluster? postgres = options.Store == "postgres" ? await PostgresCluster.StartAsync() : null;
        return await new NemesisRun(options, tell).RunAsync(postgres, cancel);
    }

    private async Task<NemesisResult> RunAsync(PostgresCluster? postgres, CancellationToken cancel)
    {
        Directory.CreateDirectory(_options.Folder);
        await using NemesisCluster cluster = await NemesisCluster.StartAsync(_options, postgres, cancel);
        await using NemesisClient client = new(cluster.Outside, cluster.Doors, _options.DatagramSize);
        NemesisHistory? history = null;
        TimeSpan loaded = default;
        try
        {
            await cluster.UntilWholeAsync(cancel);
            await client.AskAsync(cancel).WaitAsync(_options.Patience, cancel);
            client.Start(_options.Rate);
            using (CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancel))
            {
                Task looking = LookAsync(cluster, enough.Token);
                await HarmAsync(cluster, client, cancel);
                await enough.CancelAsync();
                await looking;
            }
            loaded = client.Probe.Now;
            await client.EndAsync();
            history = await EndAsync(cluster, client, cancel);
            _violations.AddRange(NemesisCheck.Of(history).Violations);
        }
        catch (Exception error) when (error is TimeoutException or InvalidOperationException or SeguroException)
        {
            _violations.Add($"the cluster lives on: {error.Message}");
        }
        await KeepAsync(client.Answers, cancel);
        return new NemesisResult
        {
            Options = _options,
            Faults = _faults,
            AtZero = _atZero,
            Sent = client.Sent,
            Check = history is null ? null : NemesisCheck.Of(history),
            Events = history?.Logs.Values.Max(static log => log.Chains.Count) ?? 0,
            Takeovers = Math.Max(0, MastershipsIn(cluster).Count - 1),
            Silences = SilencesIn(client.Answers, loaded),
            Violations = _violations,
        };
    }

    /// <summary>One fault after the other, and between them the cluster is whole again.</summary>
    private async Task HarmAsync(NemesisCluster cluster, NemesisClient client, CancellationToken cancel)
    {
        NemesisActions actions = new(cluster);
        long start = Stopwatch.GetTimestamp();
        int optimism = 1;
        for (int number = 0; Stopwatch.GetElapsedTime(start) < _options.Duration; number++)
        {
            NemesisStep step = NemesisStep.Draw(_options, number);
            Tell($"{number,4} {step}");
            if (step.AtZero)
                await BeginZeroAsync(cluster, actions, cancel);
            await actions.DoAsync(step, cancel);
            _faults[step.Fault] = _faults.GetValueOrDefault(step.Fault) + 1;
            if (step.Fault is NemesisFault.ChangeOptimism)
                optimism = step.Amount;
            await UntilServingAsync(cluster, client, cancel);
            if (step.AtZero)
                await EndZeroAsync(actions, client, optimism, cancel);
            await Task.Delay(step.Rest, cancel);
        }
    }

    // What is released now on may leave at optimism 0.
    private async Task BeginZeroAsync(NemesisCluster cluster, NemesisActions actions, CancellationToken cancel)
    {
        StatusReport master = await cluster.UntilMasterAsync(1, cancel);
        ulong boot = cluster.Boot;
        _zero.Add((master.Committed.Event > boot ? master.Committed.Event - boot : 0, ulong.MaxValue));
        _atZero++;
        await actions.SetOptimismAsync(0, cancel);
    }

    // In force: what leaves from now on is safe. What had left is not above the master's log, or was answered before.
    private async Task EndZeroAsync(NemesisActions actions, NemesisClient client, int optimism, CancellationToken cancel)
    {
        StatusReport set = await actions.SetOptimismAsync(optimism, cancel);
        _zero[^1] = (_zero[^1].From, Math.Max(client.HighestAnswered, set.Durable.Event));
    }

    /// <summary>Waits until the cluster is whole and the client is answered again.</summary>
    private static async Task UntilServingAsync(NemesisCluster cluster, NemesisClient client, CancellationToken cancel)
    {
        await cluster.UntilWholeAsync(cancel);
        int answered = client.Answered;
        await cluster.UntilAsync("an answer to the client", _ => client.Answered >= answered + AnswersBetween ? cluster : null, cancel);
    }

    /// <summary>Notes how members stand, as long as it goes on.</summary>
    private async Task LookAsync(NemesisCluster cluster, CancellationToken cancel)
    {
        using PeriodicTimer timer = new(Look);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                // Who starts or rejoins has yet to find out what is committed.
                foreach (StatusReport status in (await cluster.StatusesAsync(cancel)).Values.Where(static status => status.Role is "master" or "replica" or "candidate"))
                    _sightings.Add(new Sighting($"{status.Name}/{status.Process}", status.Term, NemesisCluster.PositionOf(status.Committed.Event, status.Committed.Chain)));
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    /// <summary>Lets the cluster become whole, asks once more, and reads everything.</summary>
    private async Task<NemesisHistory> EndAsync(NemesisCluster cluster, NemesisClient client, CancellationToken cancel)
    {
        Tell("all is whole again; reading the logs");
        await cluster.UntilWholeAsync(cancel);
        await client.AskAsync(cancel).WaitAsync(_options.Patience, cancel);
        await cluster.UntilAsync(
            "one log, processed by all members",
            statuses => statuses.Count == cluster.Names.Count
                && statuses.Values.Select(static status => status.Processed).Concat(statuses.Values.Select(static status => status.Durable)).Distinct().Count() == 1
                && statuses.Values.All(static status => status.Gated == 0 && status.Ingress == 0)
                ? statuses : null,
            cancel);
        (ulong First, Position Head) store = await cluster.VerifyStoreAsync(cancel);
        foreach (string name in cluster.Names)
            await cluster.StopAsync(name);
        return new NemesisHistory
        {
            Boot = cluster.Boot,
            Sent = client.Sends,
            Answers = client.Answers,
            Logs = cluster.Names.ToDictionary(static name => name, name => Read(cluster.PierOf(name), client.Probe)),
            Store = store,
            Masterships = MastershipsIn(cluster),
            Sightings = _sightings,
            AtZero = _zero,
            MaxUnreplicated = _options.MaxUnreplicated,
        };
    }

    private static FinalLog Read(string pier, ShipProbe probe)
    {
        using Pier log = Pier.Open(pier, PierAccess.Offline);
        List<Chain> chains = [];
        List<long> heard = [];
        Chain chain = default;
        foreach (PierEvent read in log.Read(log.Info.First, log.Info.Last))
        {
            if (read.Number.Value != (ulong)chains.Count + 1)
                throw new InvalidOperationException($"{pier}: event {read.Number} follows event {chains.Count}");
            chains.Add(chain = ChainHasher.Of(chain, read.Number, read.Payload.Span));
            heard.Add(HeardDatagram.In(read.Payload.Span) is { } datagram && probe.TryFind(datagram, out long sequence) ? sequence : 0);
        }
        return new FinalLog(chains, heard);
    }

    private static List<Mastership> MastershipsIn(NemesisCluster cluster) =>
        [.. cluster.Logs.SelectMany(static log => File.ReadLines(log.Log).Select(line => BecameMaster().Match(line)).Where(static match => match.Success)
            .Select(match => new Mastership(log.Process, ulong.Parse(match.Groups["term"].Value))))];

    private static double[] SilencesIn(IReadOnlyList<ProbeAnswer> answers, TimeSpan until)
    {
        IEnumerable<TimeSpan> times = answers.Select(static answer => answer.At).Where(at => at <= until);
        return [.. times.Zip(times.Skip(1), static (one, next) => (next - one).TotalMilliseconds).Where(static silence => silence >= LeastSilence).Order()];
    }

    /// <summary>Keeps what the client saw, for whoever looks into it.</summary>
    private async Task KeepAsync(IReadOnlyList<ProbeAnswer> answers, CancellationToken cancel) => await File.WriteAllLinesAsync(
        Path.Combine(_options.Folder, "answers.tsv"),
        answers.Select(static answer => string.Create(CultureInfo.InvariantCulture, $"{answer.At.TotalMilliseconds:0.0}\t{answer.Sequence}\t{answer.Events}\t{answer.Heard}")).Prepend("milliseconds\tdatagram\tevent after the boot\tdatagrams heard"),
        cancel);

    private void Tell(string text)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {Stopwatch.GetElapsedTime(_start).TotalSeconds,7:0.0} s {text}");
        File.AppendAllText(Path.Combine(_options.Folder, "nemesis.log"), line + "\n");
        _tell(line);
    }

    [GeneratedRegex(@" is Master \(term (?<term>\d+)\)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex BecameMaster();
}
