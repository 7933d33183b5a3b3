namespace Seguro.Cli.Demo;

/// <summary>What the demonstration of harbors found.</summary>
/// <param name="Ship">Whose log.</param>
/// <param name="Events">How many events were restored.</param>
/// <param name="Damaged">How many objects were found to be damaged, and made up for.</param>
/// <param name="Equal">What was restored is the original, byte for byte.</param>
/// <param name="ByHand">A segment was opened with <c>age</c> and <c>zstd</c>; <see langword="null"/>: they are not installed.</param>
internal sealed record HarborDemoResult(string Ship, ulong Events, int Damaged, bool Equal, bool? ByHand);
