using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Node.Members;

namespace Seguro.Tests.Node.Members;

/// <summary>What is said while a ship computes again what is in the log: a member that is silent for minutes looks dead.</summary>
public sealed class ReplayNoticeTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _lines = [];

    [Fact]
    public void Says_how_far_it_is_at_the_beginning_every_ten_seconds_while_it_gets_on_and_at_the_end()
    {
        ReplayNotice notice = new(_time, new CollectingLog(_lines));
        See(5, 925);
        See(6, 925);
        _time.Advance(TimeSpan.FromSeconds(9));
        See(7, 925);
        Assert.Equal([Progress(6)], _lines);
        _time.Advance(TimeSpan.FromSeconds(1));
        See(7, 925);
        _time.Advance(TimeSpan.FromSeconds(20));
        See(7, 925); // it computes a long one
        See(924, 925);
        See(925, 0);
        See(930, 0);
        Assert.Equal([Progress(6), Progress(8), Progress(925), "m1's ship has replayed the events up to 925."], _lines);

        void See(ulong at, ulong end) => notice.See(new MemberStatus
        {
            Name = "m1",
            Role = Role.Rejoining,
            Term = Term.None,
            Master = "",
            Durable = Position.Origin,
            Processed = new Position(new EventNumber(at), default),
            Committed = Position.Origin,
            Released = EventNumber.None,
            Replaying = new EventNumber(end),
            Optimism = Optimism.Default,
            Members = ["m1"],
        });
    }

    private static string Progress(ulong next) => $"m1's ship is replaying event {next} of 925; it does not stand for mastership before that is done.";
}
