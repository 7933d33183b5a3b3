namespace Seguro.Cli.Demo;

/// <summary>What <c>demo vere --json</c> prints.</summary>
/// <param name="Ship">The ship.</param>
/// <param name="Binary">The program that computed it.</param>
/// <param name="IsStandIn">It is the tests' program that stands in for vere.</param>
/// <param name="Answered">How many requests by HTTP were answered in all.</param>
/// <param name="Lost">Of those, how many are in no event of the log afterwards, as the ship's own later answers show; 0 where its answers do not say.</param>
/// <param name="Mirrored">The last event that the mirror's store had when the ship ended.</param>
/// <param name="MirrorEqual">Mirror and pier were the same, event by event.</param>
/// <param name="TakeoverMilliseconds">How long the client waited at the longest while the master was killed.</param>
/// <param name="Head">The last event of the cluster's log.</param>
/// <param name="Restored">The last event of the pier that was restored.</param>
/// <param name="Equal">The chain of what was restored is the chain that the cluster had.</param>
/// <param name="Chain">That chain.</param>
internal sealed record VereDemoResult(
    string Ship, string Binary, bool IsStandIn, int Answered, int Lost, ulong Mirrored, bool MirrorEqual, double TakeoverMilliseconds, ulong Head, ulong Restored, bool Equal, string Chain);
