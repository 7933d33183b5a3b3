using Seguro.Core;

namespace Seguro.Tests.Core.Members;

public sealed class MemberStatusTests
{
    [Fact]
    public void Who_rejoins_calls_nothing_of_its_own_log_committed()
    {
        Position end = new(new EventNumber(7), default);
        Member member = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1", "m2"] });
        member.Step(default, new MemberInput.Started(end, end), []);
        Assert.Equal((Role.Rejoining, end, Position.Origin), (member.Status.Role, member.Status.Durable, member.Status.Committed));
    }
}
