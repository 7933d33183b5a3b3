using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>What Ceph's gateway refuses: names in buckets with versions, credentials that it does not know, more than a bucket's quota.</summary>
[Collection(CephCollection.Name)]
public sealed class CephBucketTests(CephCollection.Fixture ceph) : ObjectLockSuite
{
    [Fact]
    public async Task A_key_and_a_secret_that_are_wrong_are_told_apart()
    {
        using Bucket bucket = await MakeAsync(hasLock: false);
        bucket.WriteCredentials("stranger", CephGateway.Secret);
        Assert.Contains("first line", (await RefusedAsync()).NextStep, StringComparison.Ordinal);
        bucket.WriteCredentials(CephGateway.Key, "wrong");
        Assert.Contains("secret", (await RefusedAsync()).NextStep, StringComparison.Ordinal);
        bucket.WriteCredentials(CephGateway.SmallKey, CephGateway.Secret); // somebody else's bucket
        Assert.Contains("policy", (await RefusedAsync()).NextStep, StringComparison.Ordinal);

        async Task<SeguroException> RefusedAsync()
        {
            await using IHarborTarget target = HarborTarget.Open(bucket.Url());
            SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => TargetProbe.RunAsync(target, Cancel));
            Assert.Equal(ErrorCode.AccessDenied, refused.Code);
            Assert.Contains(bucket.Credentials, refused.NextStep, StringComparison.Ordinal);
            return refused;
        }
    }

    [Fact]
    public async Task A_bucket_that_keeps_versions_makes_a_name_twice_here_and_is_refused_with_its_lock()
    {
        using Bucket bucket = await MakeAsync(hasLock: true);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(1);
        await using (IHarborTarget attached = HarborTarget.Open(bucket.Url("&lock=governance:1d")))
        {
            SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => TargetProbe.RunAsync(attached, Cancel));
            Assert.Equal(ErrorCode.UnsafeTarget, refused.Code);
            Assert.Contains("keep versions", refused.NextStep, StringComparison.Ordinal);
        }
        using AmazonS3Client client = bucket.Client();
        Assert.Empty((await client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket.Name }, Cancel)).Versions ?? []);
        // Nor does a backup begin that nobody attached; the lock itself is kept.
        await using IHarborTarget target = HarborTarget.Open(bucket.Url("&lock=governance:1d"));
        Assert.Equal(ErrorCode.UnsafeTarget, (await Assert.ThrowsAsync<SeguroException>(() => fixture.BackUpAsync(target))).Code);
        foreach (S3ObjectVersion one in (await client.ListVersionsAsync(new ListVersionsRequest { BucketName = bucket.Name }, Cancel)).Versions)
        {
            DeleteObjectRequest delete = new() { BucketName = bucket.Name, Key = one.Key, VersionId = one.VersionId };
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await Assert.ThrowsAsync<AmazonS3Exception>(() => client.DeleteObjectAsync(delete, Cancel))).StatusCode);
        }
    }

    [Fact]
    public async Task A_full_bucket_is_told_and_room_lets_the_backup_go_on()
    {
        using Bucket bucket = new(ceph.Gateway.Endpoint, CephGateway.SmallKey, CephGateway.Secret);
        await bucket.MakeAsync(hasLock: false);
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await using IHarborTarget target = HarborTarget.Open(bucket.Url());
        for (int i = 0; i < CephGateway.SmallObjects; i++)
            Assert.True(await target.PutAsync($"other/e/{i}", new MemoryStream([1]), Cancel));
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("other/e/more", new MemoryStream([1]), Cancel));
        Assert.Equal(ErrorCode.DiskFull, refused.Code);
        Assert.Contains("QuotaExceeded", refused.Message, StringComparison.Ordinal);

        await fixture.AppendAsync(5);
        using HarborBackup backup = new(fixture.Log, target, fixture.Host, fixture.Options() with { Within = TimeSpan.FromMilliseconds(20), LongestPause = TimeSpan.FromMilliseconds(200) });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task following = Task.Run(() => backup.RunAsync(stop.Token), Cancel);
        while (backup.Status.Warning is null)
            await Task.Delay(20, Cancel);
        Assert.Contains("QuotaExceeded", backup.Status.Warning, StringComparison.Ordinal);
        for (int i = 0; i < CephGateway.SmallObjects; i++)
            await target.DeleteAsync($"other/e/{i}", Cancel);
        while (backup.Status is not { Archived.Value: 5, Warning: null })
            await Task.Delay(20, Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    private protected override async Task<Bucket> MakeAsync(bool hasLock)
    {
        Bucket bucket = new(ceph.Gateway.Endpoint, CephGateway.Key, CephGateway.Secret);
        await bucket.MakeAsync(hasLock);
        return bucket;
    }
}
