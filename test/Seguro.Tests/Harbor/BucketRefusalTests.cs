using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>What a bucket refuses, at attach and later: credentials that it does not know, more than it holds, the removal of what it keeps locked.</summary>
public sealed class BucketRefusalTests : ObjectLockSuite, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("bucket");
    private MotoServer _server = null!;
    private Bucket _bucket = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await MotoServer.StartAsync(_folder["log"], Cancel);
        _bucket = await MakeAsync(hasLock: false);
    }

    public async ValueTask DisposeAsync()
    {
        _bucket.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

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
    public void A_lock_that_is_none_is_refused()
    {
        foreach (string wrong in new[] { "30d", "governance", "governance:0d", "governance:30", "other:30d", "compliance:-1d" })
            Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => HarborTarget.Open(_bucket.Url($"&lock={wrong}"))).Code);
    }

    [Fact]
    public async Task Wrong_credentials_are_named_at_attach_and_later_and_right_ones_go_on()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await fixture.AppendAsync(5);
        await using IHarborTarget target = HarborTarget.Open(_bucket.Url());
        using HarborBackup backup = new(fixture.Log, target, fixture.Host, fixture.Options() with { Within = TimeSpan.FromMilliseconds(20), LongestPause = TimeSpan.FromMilliseconds(100) });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task following = Task.Run(() => backup.RunAsync(stop.Token), Cancel);
        await UntilAsync(() => backup.Status.Archived.Value == 5);
        await RequireCredentialsAsync("0");
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => TargetProbe.RunAsync(target, Cancel));
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);
        Assert.Contains("InvalidAccessKeyId", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"first line of {_bucket.Credentials}", refused.NextStep, StringComparison.Ordinal);
        Assert.Contains("seguro harbor attach", refused.NextStep, StringComparison.Ordinal);
        await fixture.AppendAsync(5);
        await UntilAsync(() => backup.Status.Warning is not null);
        lock (fixture.Told)
            Assert.Contains(fixture.Told, text => text.Contains(refused.NextStep, StringComparison.Ordinal));
        await RequireCredentialsAsync("inf");
        await UntilAsync(() => backup.Status is { Archived.Value: 10, Warning: null });
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);

        async Task RequireCredentialsAsync(string after)
        {
            using HttpClient client = new();
            using HttpResponseMessage answer = await client.PostAsync(new Uri($"{_server.Endpoint}/moto-api/reset-auth"), new StringContent(after), Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData(403, "QuotaExceeded")] // Ceph
    [InlineData(507, "XMinioStorageFull")] // MinIO
    public async Task A_full_bucket_is_named_and_room_lets_it_go_on(int status, string code)
    {
        SeguroException refused = await RefuseAsync(status, code);
        Assert.Equal(ErrorCode.DiskFull, refused.Code);
        Assert.Contains(code, refused.Message, StringComparison.Ordinal);
        Assert.Contains("seguro harbor prune", refused.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_differs_is_named()
    {
        SeguroException refused = await RefuseAsync(403, "RequestTimeTooSkewed");
        Assert.Equal(ErrorCode.AccessDenied, refused.Code);
        Assert.Contains("clock", refused.NextStep, StringComparison.Ordinal);
    }

    /// <summary>What a server says that refuses everything so.</summary>
    private async Task<SeguroException> RefuseAsync(int status, string code)
    {
        using HttpListener server = new();
        int port = FreePort.Next();
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        Task answering = AnswerAsync();
        await using IHarborTarget target = HarborTarget.Open($"s3://plain/a?endpoint=http://127.0.0.1:{port}&credentials={_bucket.Credentials}");
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        server.Stop();
        await answering;
        return refused;

        async Task AnswerAsync()
        {
            try
            {
                while (true)
                {
                    HttpListenerContext asked = await server.GetContextAsync();
                    asked.Response.StatusCode = status;
                    asked.Response.ContentType = "application/xml";
                    await asked.Response.OutputStream.WriteAsync(
                        System.Text.Encoding.UTF8.GetBytes($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>"), Cancel);
                    asked.Response.Close();
                }
            }
            catch (Exception ended) when (ended is HttpListenerException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }

    private static async Task<PruneResult> PruneAsync(HarborFixture fixture, IHarborTarget target)
    {
        HarborReader reader = await fixture.OpenAsync(target);
        HarborVerification verified = await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel);
        PrunePlan plan = await HarborPrune.PlanAsync(reader, verified, new Retention(TimeSpan.FromDays(30)), DateTimeOffset.UtcNow, Cancel);
        return await HarborPrune.RunAsync(reader, plan, fixture.Host, TimeProvider.System, Cancel);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(20, Cancel);
    }

    private protected override async Task<Bucket> MakeAsync(bool hasLock)
    {
        Bucket bucket = new(_server.Endpoint, "key", "secret");
        await bucket.MakeAsync(hasLock);
        return bucket;
    }
}
