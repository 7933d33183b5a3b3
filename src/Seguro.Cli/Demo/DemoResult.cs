namespace Seguro.Cli.Demo;

/// <summary>What <c>demo --json</c> prints.</summary>
/// <param name="Ship">The ship.</param>
/// <param name="Events">How many events went in and came out.</param>
/// <param name="Bytes">Their payloads, in bytes.</param>
/// <param name="LeadersKilled">How many leaders were ended with kill −9.</param>
/// <param name="Lost">Events that were acknowledged and are not in the log.</param>
/// <param name="Equal">The exported pier has the bytes of the input.</param>
/// <param name="Chain">The chain at the last event.</param>
internal sealed record DemoResult(string Ship, ulong Events, long Bytes, int LeadersKilled, ulong Lost, bool Equal, string Chain);
