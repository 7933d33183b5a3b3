using System.Globalization;

namespace Seguro.Tests.Mutations;

/// <summary>What a member checks of itself after each step, in every build: each rule ends a member that has a mistake.</summary>
public sealed class OwnInvariantTests(ITestOutputHelper output)
{
    private const ulong MostSeeds = 40;
    private const string OfTest = "A.Test"; // so that the member's own checks stay on

    /// <summary>By what a rule says: a mistake that breaks it. What would break the two that are missing here breaks another check first.</summary>
    private static readonly Dictionary<string, Mutation> Mistakes = new(StringComparer.Ordinal)
    {
        ["who serves is master, and nobody else"] = new(
            "a mastership does not end", "Members/Member.cs", "        if (Role is not Role.Master)\n            EndMastership();\n", "", OfTest),
        ["what is committed here was committed"] = new(
            "what is confirmed is not remembered", "Members/ProgressState.cs", "        Committed = committed;\n        Prove(committed);", "        Committed = committed;", OfTest),
        ["what is proven was committed"] = new(
            "what the folder proves is not remembered", "Members/ProgressState.cs", "        Proven = known;\n        See(known);", "        Proven = known;", OfTest),
        ["a master's ship stands at the end of what it computed"] = new(
            "the ship is not said to have gone on", "Members/Master.cs", "        _member.Ship.Advance(Tip);", "", OfTest),
        ["the watermark that others hear of is not above what is committed"] = new(
            "the watermark is what was released", "Members/Master.cs",
            "_member.SeeReleased(_gate.Released < _member.Progress.Committed.Number ? _gate.Released : _member.Progress.Committed.Number);",
            "_member.SeeReleased(_gate.Released);", OfTest),
    };

    public static TheoryData<string> Rules => [.. Mistakes.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Ends_a_member_that_breaks_it(string rule)
    {
        using MutatedCore core = MutatedCore.Build(Mistakes[rule]);
        Func<ulong, string?> simulator = core.Simulator(fleet: false);
        for (ulong seed = 1; seed <= MostSeeds; seed++)
        {
            if (simulator(seed) is not { } found || !found.Contains($"A member's invariant does not hold: {rule}.", StringComparison.Ordinal))
                continue;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {found.Split('\n')[0]}"));
            return;
        }
        Assert.Fail($"{MostSeeds} seeds did not break '{rule}'");
    }
}
