namespace Seguro.Cli.Commands.Ships;

/// <summary>What <c>ship replay --json</c> prints.</summary>
/// <param name="Ship">Whose log it is.</param>
/// <param name="From">The first event that was computed; null where the state was there already.</param>
/// <param name="To">The event after which the state stands.</param>
/// <param name="Events">How many were computed.</param>
/// <param name="Checked">How many of them carried a mug, which was the same here.</param>
/// <param name="Mug">The state's mug.</param>
/// <param name="Seconds">How long it took, snapshots included.</param>
/// <param name="Snapshot">The folder with the snapshot of the end.</param>
internal sealed record ReplayResult(string Ship, ulong? From, ulong To, ulong Events, ulong Checked, string Mug, double Seconds, string? Snapshot);
