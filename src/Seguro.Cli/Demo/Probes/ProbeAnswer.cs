namespace Seguro.Cli.Demo.Probes;

/// <summary>An answer of a ship with the small kernel, as the outside sees it.</summary>
/// <param name="Sequence">Which of the probe's datagrams it answers.</param>
/// <param name="Heard">How many datagrams the ship had heard, with this one.</param>
/// <param name="Events">How many events the ship had processed after its boot, with this one: names the event in the log.</param>
/// <param name="At">When it came, by the probe's clock (<see cref="ShipProbe.Now"/>).</param>
/// <param name="Latency">How long after the datagram was first sent.</param>
/// <param name="IsRepeat">The same answer had come before.</param>
public readonly record struct ProbeAnswer(long Sequence, ulong Heard, ulong Events, TimeSpan At, TimeSpan Latency, bool IsRepeat);
