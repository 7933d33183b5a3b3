using Seguro.Core;
using Seguro.Harbor.Targets;

namespace Seguro.Tests.Harbor;

/// <summary>What a server says of a lock that it can't keep.</summary>
public abstract class ObjectLockSuite
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The server's bucket, made.</summary>
    private protected abstract Task<Bucket> MakeAsync(bool hasLock);

    [Fact]
    public async Task A_lock_that_the_bucket_can_not_keep_is_refused_at_attach()
    {
        using Bucket bucket = await MakeAsync(hasLock: false);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(1);
        await using IHarborTarget target = HarborTarget.Open(bucket.Url("&lock=compliance:1d"));
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => fixture.BackUpAsync(target));
        Assert.True(refused.Code is ErrorCode.BadValue or ErrorCode.UnsafeTarget, $"{refused.Code}: {refused.Message} {refused.InnerException}");
        Assert.Contains("Object Lock", refused.NextStep, StringComparison.Ordinal);
    }
}
