using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>A bucket of a test's own at an S3 server, with credentials in a file.</summary>
internal sealed class Bucket(string endpoint, string key, string secret) : IDisposable
{
    private readonly TemporaryFolder _folder = new("bucket");

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"b{Guid.NewGuid():N}");

    /// <summary>The file with the credentials, as the URL names it.</summary>
    public string Credentials => _folder["credentials"];

    public async Task MakeAsync(bool hasLock)
    {
        WriteCredentials(key, secret);
        using AmazonS3Client client = Client();
        await client.PutBucketAsync(new PutBucketRequest { BucketName = Name, ObjectLockEnabledForBucket = hasLock }, TestContext.Current.CancellationToken);
    }

    public void WriteCredentials(string ofKey, string ofSecret)
    {
        File.WriteAllText(Credentials, $"{ofKey}\n{ofSecret}\n");
        File.SetUnixFileMode(Credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public AmazonS3Client Client() => new(
        new BasicAWSCredentials(key, secret),
        new AmazonS3Config
        {
            ServiceURL = endpoint,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    public string Url(string more = "") => $"s3://{Name}/some/where?endpoint={endpoint}&credentials={Credentials}{more}";

    public void Dispose() => _folder.Dispose();
}
