using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>A task that the worker has.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Ovum">A poke's.</param>
/// <param name="Answered">Hears the answer to anything else: did it go well, and what came.</param>
sealed record Writ(WritKind Kind, KingOvum? Ovum = null, Action<bool, Noun>? Answered = null);
