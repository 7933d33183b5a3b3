namespace Seguro.Testing.Vere;

/// <summary>A part of what the ship answers to a request.</summary>
/// <param name="Status">The status; 0 in a later part.</param>
/// <param name="Headers">The headers; of a first part.</param>
/// <param name="Body">The bytes.</param>
/// <param name="IsLast">Nothing follows.</param>
/// <param name="IsCancelled">The ship gave it up.</param>
sealed record HttpPart(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, bool IsLast, bool IsCancelled = false);
