namespace Seguro.Harbor.Reading;

/// <summary>Something that is not as it was written, or not there.</summary>
/// <param name="Target">Where.</param>
/// <param name="Name">The object.</param>
/// <param name="What">What is wrong with it.</param>
public sealed record HarborDamage(string Target, string Name, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Target}: {Name}: {What}";
}
