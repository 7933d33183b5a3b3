using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>What became of an ovum.</summary>
/// <param name="Event">The event as it is logged, <c>[now wire card]</c>; <see langword="null"/> where there is none.</param>
/// <param name="IsReplaced">It is a <c>%crud</c> in place of what was asked for.</param>
/// <param name="Effects">What the event wants done.</param>
/// <param name="Goofs">Why there is no event: that of the ovum, then that of the report of it.</param>
readonly record struct Poked(Noun? Event, bool IsReplaced, Noun Effects, IReadOnlyList<Noun> Goofs);
