namespace Seguro.Benchmarks;

/// <summary>How much of a workload is done in a round. Whatever the counts are, each contestant commits at least once.</summary>
/// <param name="WarmUp">Commits of each contestant before any counts.</param>
/// <param name="Commits">Commits of each contestant that count.</param>
/// <param name="Block">Commits of each contestant for itself, to count flushes by; 0: none.</param>
/// <param name="Longest">The longest that the commits that count may take together; a quarter of it for the warm-up, and for each block.</param>
internal sealed record TurnPlan(int WarmUp, int Commits, int Block, TimeSpan Longest);
