using Seguro.Harbor.Format;

namespace Seguro.Harbor.Reading;

/// <summary>Something that is not as it was written, or not there.</summary>
/// <param name="Target">Where.</param>
/// <param name="Name">The object.</param>
/// <param name="What">What is wrong with it.</param>
public sealed record HarborDamage(string Target, string Name, string What)
{
    /// <summary>It is nothing but events that are not there, between others.</summary>
    public HarborGap? Lacks { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Target}: {Name}: {What}";
}
