namespace Seguro.Node.Configuration;

/// <summary>A value in force, and where it comes from.</summary>
/// <param name="Key">The key, with a colon between the words.</param>
/// <param name="Value">The value, without passwords.</param>
/// <param name="Source">The file, <c>environment</c>, <c>command line</c> or <c>default</c>.</param>
public sealed record EffectiveSetting(string Key, string Value, string Source);
