using Seguro.Core;

namespace Seguro.Nouns;

/// <summary>A noun, or bytes that should be one, are not what they must be.</summary>
public sealed class NounException(ErrorCode code, string what, string nextStep) : SeguroException(code, what, nextStep)
{
    /// <summary>A noun of another shape than was needed.</summary>
    public static NounException Shape(string what, Noun found) =>
        new(ErrorCode.BadValue, $"{what}: {NounPrinter.Print(found, 80)}", "Check where the noun comes from; it does not mean what it was taken for.");
}
