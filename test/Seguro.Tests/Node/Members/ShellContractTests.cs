using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Tests.Node.Members;

/// <summary>
/// The real shell under the contract that the simulated one keeps in every seed (<see cref="ShellContract"/>); all tests with a <see cref="HostCluster"/> run under it, and these
/// make what a slow store makes: an answer that comes when the mastership that asked is over.
/// </summary>
public sealed class ShellContractTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(IStoredLog.RenewAsync))]
    [InlineData(nameof(IStoredLog.AppendAsync))]
    [InlineData(nameof(IStoredLog.SetMetadataAsync))]
    public async Task An_answer_to_a_mastership_that_is_over_comes_to_nobody(string kind)
    {
        HeldAnswers answers = new();
        await using HostCluster cluster = await HostCluster.StartAsync(1, between: answers.Between);
        HostedMember first = await cluster.AwaitMasterAsync();
        await cluster.AskAsync("before");
        answers.Hold(kind);
        await cluster.SayAsync("meanwhile");
        await answers.Held.WaitAsync(Cancel);
        await DeposeAsync(cluster);
        await cluster.UntilAsync(() => first.Host.Status.Role is not Role.Master);
        answers.LetGo();
        await answers.Answered.WaitAsync(Cancel);
        await cluster.AwaitMasterAsync();
        await cluster.AskAsync("after");
        await cluster.UntilAsync(() => cluster.Members.Values.All(member => member.Host.Status.Processed == cluster.Master?.Host.Status.Processed));
        // What is not as the contract says ends the host, and fails the cluster's end.
    }

    [Fact]
    public void Whoever_is_told_of_what_nobody_asked_says_so()
    {
        ShellContract contract = new("m1@1");
        contract.Check(default, new MemberInput.Started(Position.Origin, Position.Origin), [MemberOutput.ReadState.Instance, new MemberOutput.Renew(Lease.None)]);
        Assert.Throws<InvariantException>(() => contract.Check(default, MemberInput.Tick.Instance, [MemberOutput.ReadState.Instance]));
        contract.Check(default, MemberInput.Tick.Instance, [new MemberOutput.RoleChanged(Role.Replica, Term.None)]);
        Assert.Throws<InvariantException>(() => contract.Check(default, new MemberInput.Renewed(new LeaseOutcome.Unknown("late"), default), []));
        Assert.Contains("ReadState", contract.Violation, StringComparison.Ordinal);
    }

    /// <summary>Somebody else takes the lease, and says nothing more.</summary>
    private static async Task DeposeAsync(HostCluster cluster)
    {
        await using IStore store = await cluster.OpenStoreAsync();
        await using IStoredLog log = (await store.OpenLogAsync(HostCluster.Zod, Cancel))!;
        // The master renews meanwhile: whoever is to be deposed is looked at again.
        while (await log.CampaignAsync(await log.ObserveLeaseAsync(Cancel), "stranger@1", TimeSpan.FromMilliseconds(100), Cancel) is not LeaseOutcome.Done)
            Cancel.ThrowIfCancellationRequested();
    }
}
