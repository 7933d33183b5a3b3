using Seguro.Nock.Jets;

namespace Seguro.Nock;

/// <summary>All jets by the label that <c>%fast</c> gives their gates.</summary>
static class JetLibrary
{
    // The kelvin of the Hoon they were checked against.
    private const string Root = "k140/one/";

    public static IReadOnlyDictionary<string, Jet> All { get; } =
        ArithmeticJets.All.Concat(BitJets.All).Concat(ListJets.All).Concat(TreeJets.All).Concat(SystemJets.All).Concat(CompilerJets.All).Concat(CurveJets.All).Concat(CipherJets.All)
            .ToDictionary(jet => jet.Item1.StartsWith("one/", StringComparison.Ordinal) ? "k140/" + jet.Item1 : Root + jet.Item1, jet => jet.Item2);

    /// <summary>The gates whose products are kept, with what they are kept by.</summary>
    public static IReadOnlyDictionary<string, CallKeyOf> Memos { get; } = CompilerMemos.All.ToDictionary(memo => Root + "two/tri/qua/pen/ut/" + memo.Item1, memo => memo.Item2);
}
