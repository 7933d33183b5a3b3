using Seguro.Core;
using Seguro.Vere.Guard;

namespace Seguro.Tests.Vere.Guard;

/// <summary>The decision table of docs/operate.md, "Breach guard": each row of it is one here.</summary>
public sealed class GuardRulesTests
{
    private const ulong Head = 925;
    private static readonly StoreIdentity Here = new([.. Enumerable.Range(1, StoreIdentity.Size).Select(static i => (byte)i)]);
    private static readonly StoreIdentity Elsewhere = new([.. Enumerable.Range(51, StoreIdentity.Size).Select(static i => (byte)i)]);
    private static readonly DateTimeOffset At = new(2026, 11, 30, 1, 2, 3, TimeSpan.Zero);

    /// <summary>The custody, what the owner says (machine off, disk, given up), and of run, restore, take and release: may it be done?</summary>
    [Theory]
    [InlineData("-", "", true, true, true, true)]
    [InlineData("gated here", "", true, false, true, true)]
    [InlineData("gated by an older Seguro", "", true, false, true, true)]
    [InlineData("gated elsewhere", "", false, false, false, false)]
    [InlineData("gated elsewhere", "off read", false, false, true, false)]
    [InlineData("mirrored, stopped", "", false, false, false, false)]
    [InlineData("mirrored, stopped", "off", false, false, false, false)]
    [InlineData("mirrored, stopped", "read", false, false, false, false)]
    [InlineData("mirrored, stopped", "off read", false, true, true, false)]
    [InlineData("mirrored, stopped", "off lost", false, true, true, false)]
    [InlineData("mirrored, running", "off read", false, false, false, false)]
    [InlineData("mirrored, running", "off lost", false, true, true, false)]
    [InlineData("mirrored, ahead", "off read", false, false, false, false)]
    [InlineData("mirrored, ahead", "off lost", false, false, false, false)]
    [InlineData("mirrored, ahead", "off lost 930", false, true, true, false)]
    [InlineData("none, released", "", false, true, false, true)]
    [InlineData("none, released", "off read", false, true, true, true)]
    [InlineData("none, restored", "", false, false, false, true)]
    [InlineData("none, restored", "off read", false, true, true, true)]
    [InlineData("none, restored", "off lost", false, true, true, true)]
    public void Who_computes_the_ship_decides(string custody, string word, bool run, bool restore, bool take, bool release)
    {
        (GuardedAct Act, bool Allowed)[] acts = [(GuardedAct.Run, run), (GuardedAct.Restore, restore), (GuardedAct.Take, take), (GuardedAct.Release, release)];
        foreach ((GuardedAct act, bool allowed) in acts)
        {
            SeguroException? refusal = GuardRules.Refuse(Question(act, custody, word));
            Assert.True(allowed == refusal is null, $"{act} of '{custody}' with '{word}': {refusal?.Message ?? "allowed"}");
            if (refusal is null)
                continue;
            Assert.Equal(3, refusal.ExitCode);
            Assert.Contains("~zod", refusal.Message, StringComparison.Ordinal);
            Assert.NotEmpty(refusal.NextStep);
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("off read", false)]
    [InlineData("off read 927", false)]
    [InlineData("off read 930", true)]
    public void Nobody_goes_on_below_the_highest_event_that_is_known_unless_it_is_given_up(string word, bool allowed)
    {
        foreach (GuardedAct act in (GuardedAct[])[GuardedAct.Run, GuardedAct.Restore, GuardedAct.Take])
        {
            GuardQuestion question = Question(act, "-", word) with { Others = [new("the store sqlite:b.db", new EventNumber(925)), new("the harbor h", new EventNumber(930)), new("member m2", new EventNumber(926))] };
            SeguroException? refusal = GuardRules.Refuse(question);
            Assert.Equal(allowed, refusal is null);
            if (refusal is null)
                continue;
            Assert.Equal((ErrorCode.NotAtHead, 3), (refusal.Code, refusal.ExitCode));
            Assert.Contains("ends at event 925", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("the harbor h has 930", refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("sqlite:b.db", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("5 events are missing", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("--give-up 930", refusal.NextStep, StringComparison.Ordinal);
        }
        Assert.Null(GuardRules.Refuse(Question(GuardedAct.Release, "-", "") with { Others = [new("the harbor h", new EventNumber(930))] }));
    }

    [Fact]
    public void A_refusal_names_what_is_missing_where_and_the_command_for_each_way_on()
    {
        SeguroException mirrored = GuardRules.Refuse(Question(GuardedAct.Run, "mirrored, running", ""))!;
        foreach (string word in (string[])["host:/srv/zod", "event 925", "running"])
            Assert.Contains(word, mirrored.Message, StringComparison.Ordinal);
        foreach (string word in (string[])["seguro mirror PIER --store sqlite:a.db --ship ~zod --once", "seguro custody take --store sqlite:a.db --ship ~zod --machine-off --disk read", "--disk lost"])
            Assert.Contains(word, mirrored.NextStep, StringComparison.Ordinal);
        Assert.Contains("seguro pier restore PIER --store sqlite:a.db --ship ~zod --machine-off --disk read", GuardRules.Refuse(Question(GuardedAct.Restore, "mirrored, running", ""))!.NextStep, StringComparison.Ordinal);
        Assert.Contains("seguro custody release --store sqlite:a.db --ship ~zod", GuardRules.Refuse(Question(GuardedAct.Restore, "gated here", ""))!.NextStep, StringComparison.Ordinal);
        Assert.Contains(Elsewhere.ToString(), GuardRules.Refuse(Question(GuardedAct.Run, "gated elsewhere", ""))!.Message, StringComparison.Ordinal);
        Assert.Contains("host:/srv/new", GuardRules.Refuse(Question(GuardedAct.Run, "none, restored", ""))!.Message, StringComparison.Ordinal);
    }

    private static GuardQuestion Question(GuardedAct act, string custody, string word)
    {
        string[] words = word.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new GuardQuestion
        {
            Act = act,
            Ship = Ship.Parse("~zod"),
            Url = "sqlite:a.db",
            Store = Here,
            Head = new EventNumber(Head),
            Custody = CustodyOf(custody),
            Word = new OwnersWord(
                words.Contains("off"),
                words.Contains("read") ? DiskFate.Read : words.Contains("lost") ? DiskFate.Lost : null,
                new EventNumber(words.Select(static one => ulong.TryParse(one, out ulong number) ? number : 0).DefaultIfEmpty().Max())),
        };
    }

    private static Custody? CustodyOf(string text)
    {
        Custody mirrored = new(CustodyKind.Mirrored) { Seen = new EventNumber(Head), At = At, Place = "host:/srv/zod" };
        return text switch
        {
            "-" => null,
            "gated here" => new Custody(CustodyKind.Gated) { Store = Here },
            "gated by an older Seguro" => new Custody(CustodyKind.Gated),
            "gated elsewhere" => new Custody(CustodyKind.Gated) { Store = Elsewhere },
            "mirrored, stopped" => mirrored,
            "mirrored, running" => mirrored with { IsRunning = true },
            "mirrored, ahead" => mirrored with { Seen = new EventNumber(930) },
            "none, released" => mirrored with { Kind = CustodyKind.None, Place = "" },
            "none, restored" => mirrored with { Kind = CustodyKind.None, Place = "host:/srv/new" },
            _ => throw new ArgumentOutOfRangeException(nameof(text)),
        };
    }
}
