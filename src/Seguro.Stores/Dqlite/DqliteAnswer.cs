using Seguro.Core;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node said when it was asked who leads.</summary>
/// <param name="Address">The node.</param>
/// <param name="Leader">Whom it named; <see langword="null"/>: nobody, or it did not answer.</param>
/// <param name="Error">Why there is no answer.</param>
sealed record DqliteAnswer(HostAddress Address, HostAddress? Leader, SeguroException? Error);
