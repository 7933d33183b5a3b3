using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>What a member says to its user.</summary>
public sealed class MemberStateTests
{
    [Fact]
    public void A_warning_is_said_once_and_a_newer_one_takes_its_place()
    {
        MemberState state = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = ["m1"] });
        List<MemberOutput> outputs = [];
        state.Begin(TimeSpan.Zero, outputs);
        state.SetWarning("replicas", "None is there.");
        state.SetWarning("replicas", "None is there.");
        state.SetWarning("replicas", "One is there.");
        Assert.Equal(["None is there.", "One is there."], outputs.Cast<MemberOutput.Warn>().Select(static warn => warn.Text));
        Assert.Equal(["One is there."], state.Warnings);
        state.ClearWarning("replicas");
        Assert.Empty(state.Warnings);
        state.SetWarning("replicas", "One is there.");
        Assert.Equal(3, outputs.Count);
    }
}
