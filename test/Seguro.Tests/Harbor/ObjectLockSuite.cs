using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;

namespace Seguro.Tests.Harbor;

/// <summary>What a bucket keeps locked, at a real server.</summary>
public abstract class ObjectLockSuite
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The server's bucket, made.</summary>
    private protected abstract Task<Bucket> MakeAsync(bool hasLock);

    [Fact]
    public async Task What_a_lock_keeps_is_kept_and_said_and_goes_for_good_when_it_has_ended()
    {
        using Bucket bucket = await MakeAsync(hasLock: true);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await using IHarborTarget target = HarborTarget.Open(bucket.Url("&lock=governance:30d"));
        await TargetProbe.RunAsync(target, Cancel); // a try is not locked
        for (int i = 0; i < 3; i++)
        {
            await fixture.AppendAsync(5);
            await fixture.BackUpAsync(target);
        }
        PruneResult kept = await PruneAsync(fixture, target);
        Assert.Equal((0, 1, 2), (kept.Removed, kept.Merged, kept.Locked.Count));
        Assert.Contains("keeps it until", kept.Why, StringComparison.Ordinal);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));

        using AmazonS3Client client = bucket.Client();
        ListVersionsResponse before = await client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket.Name }, Cancel);
        Assert.DoesNotContain(before.Versions, static one => one.IsDeleteMarker == true); // nothing is only hidden
        Assert.Equal(5, before.Versions.Count); // ship, three segments, the merged one
        AmazonS3Exception refused = await Assert.ThrowsAsync<AmazonS3Exception>(
            () => client.DeleteObjectAsync(
            new DeleteObjectRequest { BucketName = bucket.Name, Key = before.Versions[0].Key, VersionId = before.Versions[0].VersionId }, Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode); // it is the bucket that keeps it
        foreach (S3ObjectVersion one in before.Versions)
        {
            await client.PutObjectRetentionAsync(
                new PutObjectRetentionRequest
                {
                    BucketName = bucket.Name,
                    Key = one.Key,
                    VersionId = one.VersionId,
                    BypassGovernanceRetention = true,
                    // Servers take no time that has passed; their clock is this machine's, in whole seconds.
                    Retention = new ObjectLockRetention { Mode = ObjectLockRetentionMode.Governance, RetainUntilDate = DateTime.UtcNow.AddSeconds(2) },
                },
                Cancel);
        }
        int removed = 0;
        PruneResult gone;
        do
        {
            gone = await PruneAsync(fixture, target);
            removed += gone.Removed;
            await Task.Delay(50, Cancel);
        }
        while (gone.Locked.Count > 0);
        Assert.Equal((2, 0), (removed, gone.Merged));
        Assert.Equal(3, (await client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket.Name }, Cancel)).Versions.Count);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task A_lock_that_the_bucket_can_not_keep_is_refused_at_attach()
    {
        using Bucket bucket = await MakeAsync(hasLock: false);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(1);
        await using IHarborTarget target = HarborTarget.Open(bucket.Url("&lock=compliance:1d"));
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => fixture.BackUpAsync(target));
        Assert.Contains(refused.Code, new[] { ErrorCode.BadValue, ErrorCode.UnsafeTarget });
        Assert.Contains("Object Lock", refused.NextStep, StringComparison.Ordinal);
    }

    private static async Task<PruneResult> PruneAsync(HarborFixture fixture, IHarborTarget target)
    {
        HarborReader reader = await fixture.OpenAsync(target);
        HarborVerification verified = await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel);
        PrunePlan plan = await HarborPrune.PlanAsync(reader, verified, new Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow, Cancel);
        return await HarborPrune.RunAsync(reader, plan, fixture.Host, TimeProvider.System, Cancel);
    }
}
