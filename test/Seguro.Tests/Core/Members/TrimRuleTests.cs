using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>What the store may forget.</summary>
public sealed class TrimRuleTests
{
    [Theory]
    [InlineData(5000, new ulong[] { 4000, 3000 }, 3, 5000, 3000)]
    [InlineData(5000, new ulong[] { 4000, 3000 }, 9, 5000, 3000)]
    [InlineData(5000, new ulong[] { 4000, 0 }, 0, 5000, 4000)] // more than half: no single one that is away holds it up
    [InlineData(5000, new ulong[] { 4000, 3000, 0, 0 }, 0, 5000, 3000)]
    [InlineData(5000, new ulong[] { 4000, 3000 }, 2, 5000, 4000)]
    [InlineData(5000, new ulong[] { 4000, 0 }, 2, 5000, 4000)]
    [InlineData(5000, new ulong[] { 4000, 3000 }, 1, 4500, 4500)]
    public void Only_what_enough_members_have_on_disk(ulong master, ulong[] replicas, int copies, ulong committed, ulong shared) =>
        Assert.Equal(
            new EventNumber(shared - TrimRule.Kept + 1),
            TrimRule.First(new(master), [.. replicas.Select(static end => new EventNumber(end))], copies, new(committed)));

    [Fact]
    public void Nothing_while_a_member_that_counts_has_nothing() => Assert.Null(TrimRule.First(new(5000), [new(5000), EventNumber.None], 3, new(5000)));
}
