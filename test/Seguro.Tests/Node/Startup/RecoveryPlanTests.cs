using System.Text;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Node.Startup;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Seguro.Tests.Piers.LocalLogs;

namespace Seguro.Tests.Node.Startup;

/// <summary>Which of the logs that are left is the cluster's.</summary>
public sealed class RecoveryPlanTests : IAsyncLifetime
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private static readonly List<Event> Log = EventChain.After(Position.Origin, 40);
    private readonly TemporaryFolder _folder = new("recovery");
    private readonly List<SurvivingLog> _logs = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_logs_that_agree_the_longest_is_taken_and_what_only_a_master_had_is_named()
    {
        await AddAsync("a", "7 replica", 30);
        await AddAsync("b", "7 master", 33);
        await AddAsync("c", "6 replica", 12);
        RecoveryPlan plan = await PlanAsync();
        Assert.Equal((_folder["b"], EventChain.At(Log, 33), 30UL, 0UL), (plan.Best.Folder, plan.Head, plan.Certain.Value, plan.Lost));
        Assert.Equal([(30UL, 0UL), (33UL, 0UL), (12UL, 0UL)], plan.Logs.Select(static log => (log.Kept.Value, log.Dropped)));
        Assert.Equal(7 + RecoveryPlan.Margin, plan.Term.Value);
    }

    [Fact]
    public async Task What_a_master_had_and_a_replica_contradicts_is_not_kept_though_it_is_longer()
    {
        await AddAsync("a", "7 master", 20, others: 15);
        await AddAsync("b", "9 replica", 25);
        await AddAsync("c", "9 replica", 24);
        RecoveryPlan plan = await PlanAsync();
        Assert.Equal((_folder["b"], 25UL, 25UL), (plan.Best.Folder, plan.Head.Number.Value, plan.Certain.Value));
        Assert.Equal([(20UL, 15UL), (25UL, 0UL), (24UL, 0UL)], plan.Logs.Select(static log => (log.Kept.Value, log.Dropped)));
        Assert.Contains("from event 21 on", plan.Logs[0].Description, StringComparison.Ordinal);
        Assert.Contains("its 15 events up to 35 are not kept", plan.Logs[0].Description, StringComparison.Ordinal);
        Assert.Equal((_folder["a"], 35UL), ((await PlanAsync("a")).Best.Folder, (await PlanAsync("a")).Head.Number.Value)); // the user has the last word
    }

    [Fact]
    public async Task Of_two_masters_the_newer_one_had_all_that_was_committed()
    {
        await AddAsync("a", "7 master", 20, others: 15);
        await AddAsync("b", "8 master", 25);
        await AddAsync("c", "8 replica", 19);
        Assert.Equal(_folder["b"], (await PlanAsync()).Best.Folder);
    }

    [Theory]
    [InlineData(null, "9 replica")]
    [InlineData("7 master", null)]
    [InlineData("9 replica", "9 replica")]
    [InlineData("nonsense", "9 replica")]
    [InlineData("8 master", "8 master")]
    public async Task Where_logs_differ_and_the_records_do_not_say_which_is_right_the_user_must(string? one, string? other)
    {
        await AddAsync("a", one, 20, others: 3);
        await AddAsync("b", other, 25);
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => PlanAsync())).Code);
        Assert.Equal(25UL, (await PlanAsync("b")).Head.Number.Value);
    }

    [Fact]
    public async Task A_log_with_a_flipped_byte_is_not_used_and_what_it_alone_claims_to_have_is_lost_for_certain()
    {
        await AddAsync("a", null, 40, flip: "event 31");
        await AddAsync("b", null, 28);
        await AddAsync("c", null, 0);
        RecoveryPlan plan = await PlanAsync();
        Assert.Equal((_folder["b"], 28UL, 12UL), (plan.Best.Folder, plan.Head.Number.Value, plan.Lost));
        Assert.Equal(Term.None, plan.Term);
        Assert.Contains("can't be used", plan.Logs[0].Description, StringComparison.Ordinal);
        Assert.Contains("says that it ends at event 40", plan.Logs[0].Description, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Corrupt, (await Assert.ThrowsAsync<SeguroException>(() => PlanAsync("a"))).Code);
    }

    [Fact]
    public async Task Where_nothing_can_be_used_it_says_why_of_each()
    {
        await AddAsync("a", null, 40, flip: "event 31");
        _logs.Add(await SurvivingLog.ExamineAsync(_folder["nobody"], Zod, 1 << 20, Cancel));
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => PlanAsync());
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(_folder["nobody"], error.Message, StringComparison.Ordinal);
        Assert.Contains("31", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_members_knew_of_effects_is_kept_as_far_as_the_log_that_is_taken_goes()
    {
        await AddAsync("a", Known(30, mayBeAhead: false, released: 21, history: 5), 30);
        await AddAsync("b", Known(33, mayBeAhead: true, released: 28, history: 12), 33);
        await AddAsync("c", Known(12, mayBeAhead: false, released: 36, history: 35), 12); // of events that are lost
        RecoveryPlan plan = await PlanAsync();
        Assert.Equal(33UL, plan.Head.Number.Value);
        Assert.Equal((28UL, 12UL), (plan.Effects.Released.Value, plan.Effects.History?.Value));
    }

    [Fact]
    public async Task Where_no_member_knew_of_effects_nothing_is_said_of_them()
    {
        await AddAsync("a", "7 replica", 30);
        RecoveryPlan plan = await PlanAsync();
        Assert.Equal(EventNumber.None, plan.Effects.Released);
        Assert.Null(plan.Effects.History);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (SurvivingLog log in _logs)
            await log.DisposeAsync();
        _folder.Dispose();
    }

    private Task<RecoveryPlan> PlanAsync(string? chosen = null) => RecoveryPlan.MakeAsync(_logs, chosen is null ? null : _folder[chosen], Cancel);

    private static Evidence Known(ulong committed, bool mayBeAhead, ulong released, ulong history) =>
        new(new Term(7), EventChain.At(Log, committed), mayBeAhead, Term.None, new EventNumber(released), new EventNumber(history));

    private Task AddAsync(string name, Evidence record, int same)
    {
        EvidenceFile.Write(Directory.CreateDirectory(_folder[name]).FullName, record);
        return AddAsync(name, record: null, same);
    }

    private async Task AddAsync(string name, string? record, int same, int others = 0, string? flip = null)
    {
        string folder = _folder[name];
        await using (LocalLog log = await LocalLog.OpenAsync(
            Path.Combine(folder, "pier"), Zod,
            static _ => ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(new Dictionary<string, ReadOnlyMemory<byte>>()),
            name, TimeProvider.System, Cancel))
        {
            await log.AppendAsync(Log[..same], Cancel);
            await log.AppendAsync(EventChain.After(log.Head, others, "other"), Cancel);
        }
        if (record is not null)
            await File.WriteAllTextAsync(Path.Combine(folder, EvidenceFile.Name), record + "\n", Cancel);
        if (flip is not null)
            Flip(folder, flip);
        _logs.Add(await SurvivingLog.ExamineAsync(folder, Zod, 1 << 20, Cancel));
    }

    private static void Flip(string folder, string text)
    {
        bool found = false;
        foreach (string path in Directory.EnumerateFiles(folder, "data.mdb", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(path);
            for (int at; (at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text))) >= 0; found = true)
                bytes[at] ^= 1;
            File.WriteAllBytes(path, bytes);
        }
        Assert.True(found);
    }
}
