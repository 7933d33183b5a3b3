namespace Seguro.Cli.Commands.Log;

/// <summary>A line of <c>seguro log top</c>.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Events">How many events.</param>
/// <param name="Bytes">How many bytes their payloads have together.</param>
internal readonly record struct TopRow(string Name, ulong Events, long Bytes);
