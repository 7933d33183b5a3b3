using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>Which veres open what lies there: a row for each thing that decides it.</summary>
public sealed class VereVerdictTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("verdict");

    [Theory]
    [InlineData("flat", "yes: as it is", "yes: moves", "no: it moves an older log only with a snapshot")]
    [InlineData("flat with its snapshot", "yes: as it is", "yes: moves", "yes: moves log and snapshot")]
    [InlineData("flat with an older snapshot", "yes: as it is", "yes: moves", "no: it moves")]
    [InlineData("flat with a snapshot above", "no: its snapshot is of event 40", "no: its snapshot", "no: its snapshot")]
    [InlineData("format 1", "no: its log is in epochs", "yes: as it is", "no: it moves")]
    [InlineData("format 1 with its snapshot", "no: its log is in epochs", "yes: as it is", "yes: moves")]
    [InlineData("format 1, chopped", "no: its log is in epochs", "no: its newest epoch begins after event 20", "no: it moves")]
    [InlineData("format 2", "no: its log is in epochs", "no: its epochs are of format 2", "yes: as it is")]
    [InlineData("format 2 with an older snapshot", "no: its log", "no: its epochs", "yes: only 4.6 itself")]
    [InlineData("format 2 with its snapshot", "no: its log", "no: its epochs", "yes: as it is")]
    [InlineData("format 2, chopped", "no: its log", "no: its epochs", "no: its newest epoch begins after event 20")]
    [InlineData("format 2, chopped, with its snapshot", "no: its log", "no: its epochs", "yes: only 4.6 itself")]
    [InlineData("format 2, chopped, with a snapshot of before", "no: its log", "no: its epochs", "no: its newest epoch begins after event 20")]
    [InlineData("format 2 with a snapshot above", "no: its log", "no: its epochs", "no: its snapshot is of event 40")]
    public void Each_generation_has_a_verdict(string what, string two, string three, string four)
    {
        string path = Make(what);
        using Pier pier = Pier.Open(path, PierAccess.Live, EvidenceKinds.All);
        IReadOnlyList<VereVerdict> verdicts = VereVerdict.Of(pier.Info);
        Assert.Equal(["1.0", "3.0", "4.0"], verdicts.Select(static verdict => verdict.From.ToString()));
        foreach ((string expected, VereVerdict verdict) in new[] { two, three, four }.Zip(verdicts))
            Assert.StartsWith(expected, $"{(verdict.Opens ? "yes" : "no")}: {verdict.Why}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4.6", 4, 6)]
    [InlineData("4.6-859fd5c", 4, 6)]
    [InlineData("2.12", 2, 12)]
    [InlineData("10.0.3", 10, 0)]
    public void Versions_are_read(string text, int major, int minor) => Assert.Equal(new VereVersion(major, minor), VereVersion.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("dev")]
    [InlineData(".6")]
    [InlineData("4.")]
    [InlineData("99999999999.1")]
    public void What_is_no_version_is_none(string text) => Assert.Null(VereVersion.Parse(text));

    public void Dispose() => _folder.Dispose();

    private string Make(string what)
    {
        string path = _folder["pier"];
        bool isChopped = what.Contains("chopped", StringComparison.Ordinal);
        bool isOld = !what.StartsWith("format 2", StringComparison.Ordinal);
        if (what.StartsWith("flat", StringComparison.Ordinal))
            PierBuilder.Flat(path, 1, 30);
        else if (isChopped)
            PierBuilder.Epochs(path, [3], (20, isOld ? "1" : "2", 21, 30));
        else
            PierBuilder.Epochs(path, [3], (0, isOld ? "1" : "2", 1, 30));
        ulong? snapshot = what switch
        {
            _ when what.EndsWith("above", StringComparison.Ordinal) => 40,
            _ when what.EndsWith("an older snapshot", StringComparison.Ordinal) => 10,
            _ when what.EndsWith("of before", StringComparison.Ordinal) => 19,
            _ when what.EndsWith("its snapshot", StringComparison.Ordinal) => isChopped ? 20UL : 30,
            _ => null,
        };
        if (snapshot is { } number && isOld)
            PierLeftovers.South(path, PierLeftovers.Chk, number);
        else if (snapshot is { } event4)
            PierLeftovers.Image(path, PierLeftovers.Chk, event4);
        return path;
    }
}
