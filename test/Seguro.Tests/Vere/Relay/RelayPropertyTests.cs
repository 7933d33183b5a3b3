using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.Relay;

/// <summary>Random interleavings of king, worker and gate, against what a king may hear and a worker may do.</summary>
public sealed class RelayPropertyTests
{
    private const int Seeds = 500;

    [Theory]
    [InlineData(VereProtocol.One)]
    [InlineData(VereProtocol.Two)]
    public void Order_is_kept_nothing_is_lost_nothing_comes_early_and_all_is_bounded(VereProtocol protocol) =>
        ForEachSeed(seed => Wrong(seed, protocol, RelayFlaw.None, fails: false));

    [Theory]
    [InlineData(VereProtocol.One)]
    [InlineData(VereProtocol.Two)]
    public void Whoever_goes_and_whenever_nothing_comes_that_must_not(VereProtocol protocol) =>
        ForEachSeed(seed => Wrong(seed, protocol, RelayFlaw.None, fails: true));

    [Theory]
    [InlineData((int)RelayFlaw.ReleasesEarly, "is released")]
    [InlineData((int)RelayFlaw.TextPasses, "text about event")]
    [InlineData((int)RelayFlaw.LosesFrame, "")]
    [InlineData((int)RelayFlaw.SwapsFrames, "")]
    [InlineData((int)RelayFlaw.SavesEarly, "a snapshot")]
    [InlineData((int)RelayFlaw.TakesAll, "bytes are held")]
    [InlineData((int)RelayFlaw.AsksAll, "tasks are with the worker")]
    [InlineData((int)RelayFlaw.Miscounts, "is reported after")]
    public void What_goes_wrong_is_seen(int flaw, string wrong) =>
        Assert.Contains(Enumerable.Range(1, 200), seed => Wrong(seed, VereProtocol.Two, (RelayFlaw)flaw, fails: false)?.Contains(wrong, StringComparison.Ordinal) ?? false);

    private static void ForEachSeed(Func<int, string?> wrong)
    {
        for (int seed = 1; seed <= Seeds; seed++)
            Assert.True(wrong(seed) is not { } what, $"seed {seed}: {wrong(seed)}");
    }

    private static string? Wrong(int seed, VereProtocol protocol, RelayFlaw flaw, bool fails)
    {
        RelayWorld world = new(seed, protocol, flaw);
        if (fails)
            world.Fail(1 + (seed % 300));
        else
            world.Run(300);
        return world.Wrongs.Count > 0 ? world.Wrongs[0] : null;
    }
}
