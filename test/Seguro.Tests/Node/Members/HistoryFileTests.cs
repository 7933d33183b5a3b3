using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Testing;

namespace Seguro.Tests.Node.Members;

public sealed class HistoryFileTests
{
    private static readonly MemberStatus Before = new()
    {
        Name = "m1",
        Role = Role.Rejoining,
        Term = Term.None,
        Master = "",
        Durable = Position.Origin,
        Processed = Position.Origin,
        Committed = Position.Origin,
        Released = EventNumber.None,
        Optimism = new Optimism(1, ReplicaLossPolicy.Wait),
        Members = ["m1", "m2"],
    };

    [Fact]
    public void Changes_are_written_once_and_read_in_order_also_by_the_next_life()
    {
        using TemporaryFolder folder = new();
        FakeTimeProvider time = new();
        List<string> log = [];
        HistoryFile history = new(folder.Path, time, new CollectingLog(log));
        MemberStatus won = Before with { Role = Role.Replica, Term = new Term(4), Master = "m2@9f" };
        history.See(Before, won);
        history.See(won, won with { Processed = new Position(new EventNumber(9), default) }); // no change that counts
        time.Advance(TimeSpan.FromSeconds(5));
        history.See(won, won with { Pause = "upgrade", Optimism = new Optimism(0, ReplicaLossPolicy.Wait), Members = ["m1"] });
        File.AppendAllText(folder["history"], "{\"Time\":\"20"); // a crash in the middle of a line
        IReadOnlyList<HistoryEntry> entries = new HistoryFile(folder.Path, time, new CollectingLog(log)).Read();
        Assert.Equal(["m2 is master.", "Optimism is 0 wait.", "Members are m1.", "The cluster is paused: upgrade."], entries.Select(static entry => entry.What));
        Assert.Equal((4UL, "m2"), (entries[0].Term, entries[0].Master));
        Assert.Equal(5, (entries[1].Time - entries[0].Time).TotalSeconds);
        Assert.Equal(entries, history.Read());
        HistoryFile next = new(folder.Path, time, new CollectingLog(log));
        next.See(won with { Pause = "upgrade" }, won);
        Assert.Equal([.. entries.Select(static entry => entry.What), "The cluster goes on."], next.Read().Select(static entry => entry.What));
        Assert.Empty(log);
    }

    [Fact]
    public void It_is_bounded_and_a_disk_that_refuses_is_said_once()
    {
        using TemporaryFolder folder = new();
        FakeTimeProvider time = new();
        List<string> log = [];
        HistoryFile history = new(folder.Path, time, new CollectingLog(log));
        MemberStatus paused = Before with { Pause = new string('x', ClusterSettings.LongestPause) };
        for (int i = 0; i < 9000; i++)
            history.See(i % 2 == 0 ? Before : paused, i % 2 == 0 ? paused : Before);
        Assert.InRange(Directory.EnumerateFiles(folder.Path).Sum(static file => new FileInfo(file).Length), 1 << 19, (2 << 20) + 1000);
        File.Delete(folder["history"]);
        Directory.CreateDirectory(folder["history"]); // nothing can be appended to
        history.See(Before, paused);
        history.See(paused, Before);
        Assert.Single(log);
    }
}
