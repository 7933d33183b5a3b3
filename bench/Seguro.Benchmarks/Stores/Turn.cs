namespace Seguro.Benchmarks;

/// <summary>Whose turn it is, and with how many events.</summary>
/// <param name="Contestant">Who.</param>
/// <param name="Group">Events of a commit.</param>
/// <param name="Score">Where it is written down.</param>
internal readonly record struct Turn(Contestant Contestant, int Group, Score Score);
