namespace Seguro.Benchmarks;

/// <summary>How much the cluster's benchmark measures.</summary>
/// <param name="Stores">On which stores.</param>
/// <param name="Parts">What: <c>latency</c>, <c>rate</c>, <c>catchup</c>, <c>takeover</c>, <c>memory</c>.</param>
/// <param name="Rounds">How often latencies and rates take turns.</param>
/// <param name="Questions">Datagrams, and bare commits, of one turn.</param>
/// <param name="Seconds">How long a turn of the rates lasts.</param>
/// <param name="Behind">How many events a replica misses.</param>
/// <param name="Kills">How often the master is killed.</param>
/// <param name="Events">How many events the memory is measured after.</param>
internal sealed record ClusterBenchmarkOptions(string[] Stores, string[] Parts, int Rounds, int Questions, int Seconds, long Behind, int Kills, long Events);
