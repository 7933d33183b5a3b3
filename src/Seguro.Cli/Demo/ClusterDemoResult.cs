namespace Seguro.Cli.Demo;

/// <summary>What <c>demo --json</c> prints.</summary>
/// <param name="Ship">The ship.</param>
/// <param name="Asked">How many datagrams the client sent and had answered.</param>
/// <param name="Lost">Of those, how many are in no event of the final log.</param>
/// <param name="Phantoms">Answers about events that are not in the final log, or are other events there.</param>
/// <param name="Repeats">Answers that came a second time.</param>
/// <param name="OutOfOrder">Answers whose event is not after the one before.</param>
/// <param name="TakeoverMilliseconds">How long the client waited at the longest while the master was killed.</param>
/// <param name="HandOverMilliseconds">The same while the mastership was handed over.</param>
/// <param name="Optimism">Latencies by optimism.</param>
/// <param name="Events">How many events the log has.</param>
/// <param name="Equal">All members have the same chain at the end.</param>
/// <param name="Chain">That chain.</param>
internal sealed record ClusterDemoResult(
    string Ship, long Asked, long Lost, long Phantoms, long Repeats, long OutOfOrder, double TakeoverMilliseconds, double HandOverMilliseconds,
    IReadOnlyList<OptimismLatency> Optimism, ulong Events, bool Equal, string Chain);

/// <summary>What the client waited for at an optimism, in milliseconds.</summary>
internal sealed record OptimismLatency(int Optimism, double P50, double P99);
