using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>The suite on Ceph's gateway, which judges what moto lets pass: signatures, checksums, conditions on the object itself.</summary>
[Collection(CephCollection.Name)]
public sealed class CephTargetTests(CephCollection.Fixture ceph) : RemoteTargetSuite, IAsyncLifetime
{
    private readonly Bucket _bucket = new(ceph.Gateway.Endpoint, CephGateway.Key, CephGateway.Secret);

    public ValueTask InitializeAsync() => new(_bucket.MakeAsync(hasLock: false));

    public ValueTask DisposeAsync()
    {
        _bucket.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_named()
    {
        await using IHarborTarget missing = HarborTarget.Open(_bucket.Url().Replace(_bucket.Name, "nowhere", StringComparison.Ordinal));
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<SeguroException>(() => missing.PutAsync("a", new MemoryStream([1]), Cancel))).Code);
    }

    [Fact]
    public async Task The_server_itself_refuses_a_name_that_is_there_and_a_body_that_is_another()
    {
        using AmazonS3Client client = _bucket.Client();
        PutObjectRequest put = new() { BucketName = _bucket.Name, Key = "once", ContentBody = "first", IfNoneMatch = "*" };
        await client.PutObjectAsync(put, Cancel);
        put.ContentBody = "second";
        Assert.Equal(System.Net.HttpStatusCode.PreconditionFailed, (await Assert.ThrowsAsync<AmazonS3Exception>(() => client.PutObjectAsync(put, Cancel))).StatusCode);
        AmazonS3Exception other = await Assert.ThrowsAsync<AmazonS3Exception>(
            () => client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket.Name, Key = "sum", ContentBody = "body", MD5Digest = "AAAAAAAAAAAAAAAAAAAAAA==" }, Cancel));
        Assert.Equal("BadDigest", other.ErrorCode);
        using GetObjectResponse kept = await client.GetObjectAsync(_bucket.Name, "once", Cancel);
        using StreamReader text = new(kept.ResponseStream);
        Assert.Equal("first", await text.ReadToEndAsync(Cancel));
    }

    protected override int ServerPort => ceph.Gateway.Port;

    protected override IHarborTarget Open() => HarborTarget.Open(_bucket.Url());

    protected override IHarborTarget OpenAt(int port) => HarborTarget.Open(_bucket.Url().Replace(ceph.Gateway.Endpoint, $"http://127.0.0.1:{port}", StringComparison.Ordinal));
}
