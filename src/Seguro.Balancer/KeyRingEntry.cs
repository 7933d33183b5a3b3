namespace Seguro.Balancer;

/// <summary>A key of a <see cref="KeyRing"/>.</summary>
/// <param name="Member">Whose it is.</param>
/// <param name="Key">The key.</param>
/// <param name="Until">When it ends; <see langword="null"/>: not.</param>
public sealed record KeyRingEntry(string Member, MemberKey Key, DateTimeOffset? Until);
