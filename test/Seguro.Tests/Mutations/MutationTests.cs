using System.Globalization;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Mutations;

/// <summary>
/// A checker that finds nothing proves nothing: each mistake in the lists is put into a copy of Core, and must be found by what is named beside it. Two classes, so that they run beside each other.
/// </summary>
public abstract class MutationTests(ITestOutputHelper output)
{
    private const ulong MostSeeds = 500;

    private protected async Task FindAsync(Mutation mutation)
    {
        using MutatedCore core = MutatedCore.Build(mutation);
        if (mutation.IsForTest)
        {
            string? found = await core.TestAsync(mutation.FoundBy);
            Assert.True(found is not null, $"{mutation.FoundBy} passes with {mutation.Name}");
            output.WriteLine(found);
            return;
        }
        Func<ulong, string?> simulator = core.Simulator(mutation.Fleet);
        // That a cluster stands still is not proof enough, unless that is what the mistake does: an invariant must name it. The one that is named beside it is the usual one.
        for (ulong seed = mutation.Seed; seed < mutation.Seed + MostSeeds; seed++)
        {
            if (simulator(seed) is not { } found)
                continue;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {found}"));
            if (found.StartsWith(mutation.FoundBy + ":", StringComparison.Ordinal) || !found.StartsWith(nameof(Testing.Invariant.Liveness), StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"{MostSeeds} seeds did not find {mutation.Name} by {mutation.FoundBy}");
    }
}

/// <summary>Mistakes of a master and its gate.</summary>
public sealed class MasterMutationTests(ITestOutputHelper output) : MutationTests(output)
{
    public static TheoryData<string> Names => [.. MasterMutations.All.Select(static mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Finds(string name) => FindAsync(MasterMutations.All.Single(mutation => mutation.Name == name));
}

/// <summary>Mistakes of leases by node.</summary>
public sealed class NodeMutationTests(ITestOutputHelper output) : MutationTests(output)
{
    public static TheoryData<string> Names => [.. NodeMutations.All.Select(static mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Finds(string name) => FindAsync(NodeMutations.All.Single(mutation => mutation.Name == name));
}

/// <summary>Mistakes of whoever is not master, and of what all share.</summary>
public sealed class MemberMutationTests(ITestOutputHelper output) : MutationTests(output)
{
    public static TheoryData<string> Names => [.. MemberMutations.All.Select(static mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Finds(string name) => FindAsync(MemberMutations.All.Single(mutation => mutation.Name == name));

    [Fact]
    public void Every_mutation_still_fits_its_file_and_has_a_name_of_its_own()
    {
        Mutation[] all = [.. MasterMutations.All, .. MemberMutations.All, .. NodeMutations.All];
        Assert.Equal(all.Length, all.Select(static mutation => mutation.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(all, static mutation => Assert.NotEqual(SourceFiles.Read("src/Seguro.Core/" + mutation.File), MutatedCore.Apply(mutation, SourceFiles.Read("src/Seguro.Core/" + mutation.File))));
    }
}
