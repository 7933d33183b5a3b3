using System.Net;
using System.Runtime.CompilerServices;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Targets;

/// <summary>A bucket of any server that speaks S3: <c>s3://BUCKET/PREFIX?endpoint=URL&amp;region=NAME&amp;credentials=FILE</c>.</summary>
/// <remarks>
/// The credentials are in a file of two lines (key, secret) that nobody else may read, or where the SDK looks for them (<c>AWS_ACCESS_KEY_ID</c> …).
/// Create-once is <c>If-None-Match: *</c>. Checksums only where the protocol wants them, since not every server takes the SDK's own.
/// </remarks>
internal sealed class S3Target : IHarborTarget
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _prefix;

    private S3Target(TargetUrl url, AmazonS3Client client)
    {
        _client = client;
        _bucket = url.Address.Host;
        string path = url.Path.Trim('/');
        _prefix = path.Length == 0 ? "" : path + "/";
        Name = $"s3://{_bucket}/{path}{(url.Options.TryGetValue("endpoint", out string? endpoint) ? $" at {endpoint}" : "")}";
    }

    public string Name { get; }

    public static S3Target Open(TargetUrl url)
    {
        url.Allow("endpoint", "region", "credentials");
        AmazonS3Config settings = new()
        {
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = Patience,
            MaxErrorRetry = 0, // who puts must know of each attempt whose outcome is unknown
        };
        string region = url.Options.GetValueOrDefault("region", "us-east-1");
        if (url.Options.TryGetValue("endpoint", out string? endpoint))
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
                throw TargetUrl.Bad(url.Text, $"its endpoint '{endpoint}' is no address");
            if (address.Scheme is "http" && !address.IsLoopback)
                throw new SeguroException(ErrorCode.InsecureTransport, $"the endpoint {endpoint} would be spoken to without encryption", "Use https: the objects are encrypted, but the requests could be changed on their way.");
            settings.ServiceURL = endpoint;
            settings.AuthenticationRegion = region;
        }
        else
        {
            settings.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        return new S3Target(url, url.Options.TryGetValue("credentials", out string? file) ? new AmazonS3Client(Credentials(file), settings) : new AmazonS3Client(settings));
    }

    public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        PutObjectRequest request = new()
        {
            BucketName = _bucket,
            Key = _prefix + name,
            InputStream = content,
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
            IfNoneMatch = "*",
            ContentType = "application/octet-stream",
        };
        try
        {
            await _client.PutObjectAsync(request, cancel);
            return true;
        }
        catch (AmazonS3Exception exists) when (exists.StatusCode is HttpStatusCode.PreconditionFailed)
        {
            return false;
        }
        catch (Exception failed) when (IsOfTarget(failed, cancel))
        {
            throw Fault(failed, $"put {name}");
        }
    }

    public async Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
    {
        GetObjectRequest request = new() { BucketName = _bucket, Key = _prefix + name, ByteRange = length is { } bytes ? new ByteRange(0, bytes - 1) : null };
        try
        {
            GetObjectResponse response = await _client.GetObjectAsync(request, cancel);
            return new OwningStream(response.ResponseStream, response);
        }
        catch (Exception failed) when (IsOfTarget(failed, cancel))
        {
            throw Fault(failed, $"get {name}");
        }
    }

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        ListObjectsV2Request request = new() { BucketName = _bucket, Prefix = $"{_prefix}{folder}/" };
        ListObjectsV2Response page;
        do
        {
            try
            {
                page = await _client.ListObjectsV2Async(request, cancel);
            }
            catch (Exception failed) when (IsOfTarget(failed, cancel))
            {
                throw Fault(failed, $"list {folder}");
            }
            foreach (S3Object found in page.S3Objects ?? [])
                yield return new TargetObject(found.Key[_prefix.Length..], found.Size ?? 0);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        try
        {
            await _client.DeleteObjectAsync(_bucket, _prefix + name, cancel);
        }
        catch (Exception failed) when (IsOfTarget(failed, cancel))
        {
            throw Fault(failed, $"delete {name}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private static BasicAWSCredentials Credentials(string file)
    {
        SecretFile.RefuseShared(file, "bucket's secret");
        try
        {
            return File.ReadAllLines(file) is [var key, var secret, ..] && key.Trim().Length > 0 && secret.Trim().Length > 0
                ? new BasicAWSCredentials(key.Trim(), secret.Trim())
                : throw new SeguroException(ErrorCode.BadValue, $"{file} does not have two lines, the access key and its secret", "Write them there.");
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(file, failed);
        }
    }

    private static bool IsOfTarget(Exception failed, CancellationToken cancel) =>
        failed is AmazonServiceException or AmazonClientException or IOException or WebException or System.Net.Http.HttpRequestException
        || (failed is OperationCanceledException && !cancel.IsCancellationRequested);

    private SeguroException Fault(Exception failed, string what)
    {
        string text = $"{Name}: {what}: {failed.Message}";
        return failed switch
        {
            AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new(ErrorCode.NotFound, text, "Make the bucket, or check the URL.", failed),
            AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => new(ErrorCode.NotFound, text, "The bucket does not have it.", failed),
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => new(ErrorCode.AccessDenied, text, "Check the credentials, and what the bucket's policy lets them do.", failed),
            AmazonS3Exception { ErrorCode: "QuotaExceeded" or "EntityTooLarge" } or AmazonS3Exception { StatusCode: HttpStatusCode.InsufficientStorage } => new(ErrorCode.DiskFull, text, "Make room in the bucket, or raise its quota.", failed),
            AmazonClientException { InnerException: null } => new(ErrorCode.AccessDenied, text, "Name a file with the credentials: credentials=FILE.", failed),
            _ => new(ErrorCode.HarborUnavailable, text, "See that the server can be reached and is well.", failed),
        };
    }
}
