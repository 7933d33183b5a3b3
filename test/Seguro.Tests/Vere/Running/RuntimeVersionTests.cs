using Seguro.Testing;
using Seguro.Vere.Running;

namespace Seguro.Tests.Vere.Running;

/// <summary>Which version a vere says that it is.</summary>
public sealed class RuntimeVersionTests
{
    [Theory]
    [InlineData("urbit 4.6\n---------\nLibraries:\n", "4.6")]
    [InlineData("urbit 4.6-859fd5c65c\n", "4.6-859fd5c65c")]
    [InlineData("urbit ", null)]
    [InlineData("urbit 4.6; rm\n", null)]
    [InlineData("bash 5.2\n", null)]
    [InlineData("", null)]
    public void Its_first_line_has_it(string printed, string? version) => Assert.Equal(version, RuntimeVersion.Read(printed));

    [Fact]
    public async Task A_program_is_asked_and_one_that_says_nothing_is_none()
    {
        Assert.Equal("4.6", await RuntimeVersion.AskAsync(StandInVere.Program, TestContext.Current.CancellationToken));
        Assert.Null(await RuntimeVersion.AskAsync("/bin/false", TestContext.Current.CancellationToken));
        Assert.Null(await RuntimeVersion.AskAsync("/nowhere/urbit", TestContext.Current.CancellationToken));
    }
}
