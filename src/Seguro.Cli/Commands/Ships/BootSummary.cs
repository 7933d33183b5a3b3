namespace Seguro.Cli.Commands.Ships;

/// <summary>The last line that <c>ship boot --json</c> prints.</summary>
/// <param name="Ship">Who booted.</param>
/// <param name="Life">How many of the events are formulas.</param>
/// <param name="Events">How many events the boot has.</param>
/// <param name="Bytes">The size of their payloads.</param>
/// <param name="Mug">The mug of the state after them.</param>
/// <param name="Seconds">How long they took to compute.</param>
/// <param name="Store">The store that has the log now.</param>
/// <param name="Chain">The log's chain at its head.</param>
internal sealed record BootSummary(string Ship, int Life, ulong Events, long Bytes, string Mug, double Seconds, string? Store, string? Chain);
