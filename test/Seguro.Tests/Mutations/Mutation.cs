namespace Seguro.Tests.Mutations;

/// <summary>A small mistake in Core, as text, and what finds it.</summary>
/// <param name="Name">What is wrong.</param>
/// <param name="File">The file below <c>src/Seguro.Core</c>.</param>
/// <param name="Old">A text that is in it just once.</param>
/// <param name="New">What stands there instead.</param>
/// <param name="FoundBy">The invariant by which the simulator usually names it, or the class and method of a test.</param>
/// <param name="Seed">The first seed to try: the one that found it last, where that is not among the first few.</param>
/// <param name="Fleet">It is found where nodes hold several ships.</param>
public sealed record Mutation(string Name, string File, string Old, string New, string FoundBy, ulong Seed = 1, bool Fleet = false)
{
    /// <summary>A test finds it, and not the simulator.</summary>
    public bool IsForTest => FoundBy.Contains('.', StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
