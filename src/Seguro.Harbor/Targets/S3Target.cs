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
/// With <c>lock=MODE:DAYS</c> what is put is kept by the bucket for so long; what is removed is removed for good, not hidden, or is refused (<see cref="ErrorCode.ObjectLocked"/>).
/// </remarks>
internal sealed class S3Target : IHarborTarget
{
    /// <summary>For an answer to begin; more for bodies, by their lengths.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private const double SlowestBytesPerSecond = 32 << 10;

    /// <summary>The SDK's own limit counts a body's time, too, whatever its length: it is never to be the first.</summary>
    private static readonly TimeSpan NeverFirst = TimeSpan.FromHours(12);
    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _prefix;
    private readonly string _credentials;
    private readonly ObjectLock? _lock;
    private volatile bool _isLockProven;
    private volatile bool _isOnceProven;

    private S3Target(TargetUrl url, AmazonS3Client client)
    {
        _client = client;
        _credentials = url.Options.GetValueOrDefault("credentials", "");
        _lock = url.Options.TryGetValue("lock", out string? mode) ? ObjectLock.Parse(url, mode) : null;
        _bucket = url.Address.Host;
        string path = url.Path.Trim('/');
        _prefix = path.Length == 0 ? "" : path + "/";
        Name = $"s3://{_bucket}/{path}{(url.Options.TryGetValue("endpoint", out string? endpoint) ? $" at {endpoint}" : "")}";
    }

    public string Name { get; }

    public static S3Target Open(TargetUrl url)
    {
        url.Allow("endpoint", "region", "credentials", "lock");
        AmazonS3Config settings = new()
        {
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = NeverFirst,
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
        bool isLocked = _lock is not null && ObjectLock.Covers(name);
        if (isLocked)
        {
            // What has a lock must have a checksum; this one every server knows.
            request.MD5Digest = Convert.ToBase64String(await Md5Async(content, cancel));
            content.Position = 0;
            request.ObjectLockMode = _lock!.Mode;
            request.ObjectLockRetainUntilDate = DateTime.UtcNow + _lock.Keeps;
        }
        bool isMade = await AskAsync($"put {name}", content.Length, async limit =>
        {
            try
            {
                await _client.PutObjectAsync(request, limit);
                return true;
            }
            catch (AmazonS3Exception exists) when (exists.StatusCode is HttpStatusCode.PreconditionFailed)
            {
                return false;
            }
        }, cancel);
        if (isMade && !_isOnceProven)
            await ProveOnceAsync(request, name, cancel);
        if (isMade && isLocked && !_isLockProven)
            await ProveLockAsync(name, cancel);
        return isMade;
    }

    public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel)
    {
        GetObjectRequest request = new() { BucketName = _bucket, Key = _prefix + name, ByteRange = length is { } bytes ? new ByteRange(0, bytes - 1) : null };
        return AskAsync<Stream>($"get {name}", 0, async limit =>
        {
            GetObjectResponse response = await _client.GetObjectAsync(request, limit);
            PatientStream content = new(response.ResponseStream, Patience);
            return new ReadStream(content, content, response);
        }, cancel);
    }

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        ListObjectsV2Request request = new() { BucketName = _bucket, Prefix = $"{_prefix}{folder}/" };
        ListObjectsV2Response page;
        do
        {
            page = await AskAsync($"list {folder}", 0, limit => _client.ListObjectsV2Async(request, limit), cancel);
            foreach (S3Object found in page.S3Objects ?? [])
                yield return new TargetObject(found.Key[_prefix.Length..], found.Size ?? 0);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    public async Task DeleteAsync(string name, CancellationToken cancel)
    {
        if (_lock is null)
        {
            await AskAsync($"delete {name}", 0, limit => _client.DeleteObjectAsync(_bucket, _prefix + name, limit), cancel);
            return;
        }
        // A bucket that locks keeps versions: without its version, an object would be hidden, and be paid for.
        GetObjectMetadataResponse there;
        try
        {
            there = await AskAsync($"look at {name}", 0, limit => _client.GetObjectMetadataAsync(_bucket, _prefix + name, limit), cancel);
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.NotFound)
        {
            return;
        }
        if (there.ObjectLockRetainUntilDate is { } until && until.ToUniversalTime() > DateTime.UtcNow)
            throw Locked(name, $"the bucket keeps it until {until.ToUniversalTime():yyyy-MM-dd HH:mm} UTC", null);
        try
        {
            await AskAsync($"delete {name}", 0, limit => _client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _bucket, Key = _prefix + name, VersionId = there.VersionId }, limit), cancel);
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.AccessDenied && (there.ObjectLockMode is not null || there.ObjectLockLegalHoldStatus == ObjectLockLegalHoldStatus.On))
        {
            throw Locked(name, "the bucket does not let it go", refused);
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

    /// <summary>Asks, for so long and no longer.</summary>
    private async Task<T> AskAsync<T>(string what, long bytes, Func<CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience + TimeSpan.FromSeconds(bytes / SlowestBytesPerSecond));
        try
        {
            return await ask(limit.Token);
        }
        catch (Exception failed) when (IsOfTarget(failed, cancel))
        {
            throw Fault(failed, what);
        }
    }

    /// <summary>
    /// A server that makes a name twice would let two writers lose each other's events; Ceph 16.2 does so in buckets that keep versions, and in no others. So the first object is put
    /// once more, as it is: that needs no right but to put, and leaves nothing behind.
    /// </summary>
    private async Task ProveOnceAsync(PutObjectRequest made, string name, CancellationToken cancel)
    {
        made.InputStream.Position = 0;
        bool isOnce = await AskAsync($"put {name} again", made.InputStream.Length, async limit =>
        {
            try
            {
                await _client.PutObjectAsync(made, limit);
                return false;
            }
            catch (AmazonS3Exception exists) when (exists.StatusCode is HttpStatusCode.PreconditionFailed)
            {
                return true;
            }
        }, cancel);
        if (!isOnce)
        {
            throw new SeguroException(
                ErrorCode.UnsafeTarget, $"{Name} can't be a harbor: it let an object be made over another",
                "Use a server that heeds `If-None-Match: *`. Ceph 16.2 does not in buckets that keep versions: there use one that does not, without lock= in the URL.");
        }
        _isOnceProven = true;
    }

    /// <summary>A server that takes a lock and keeps none would let somebody find out too late.</summary>
    private async Task ProveLockAsync(string name, CancellationToken cancel)
    {
        GetObjectMetadataResponse there = await AskAsync($"look at {name}", 0, limit => _client.GetObjectMetadataAsync(_bucket, _prefix + name, limit), cancel);
        if (there.ObjectLockRetainUntilDate is null)
        {
            throw new SeguroException(
                ErrorCode.UnsafeTarget, $"{Name}: {name} was put with a lock, and the bucket does not keep it",
                "See that the bucket has Object Lock, and that its credentials may ask for it (s3:GetObjectRetention); or leave lock= out of the URL.");
        }
        _isLockProven = true;
    }

    private SeguroException Locked(string name, string how, Exception? inner) => new(
        ErrorCode.ObjectLocked, $"{Name}: {name}: {how}", "It goes when its retention has ended: ask again then. Nothing else of the harbor is harmed by it.", inner);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "It is S3's Content-MD5, against accidents; what protects the content is age.")]
    private static Task<byte[]> Md5Async(Stream content, CancellationToken cancel) => System.Security.Cryptography.MD5.HashDataAsync(content, cancel).AsTask();

    private static bool IsOfTarget(Exception failed, CancellationToken cancel) =>
        failed is AmazonServiceException or AmazonClientException or IOException or WebException or System.Net.Http.HttpRequestException
        || (failed is OperationCanceledException && !cancel.IsCancellationRequested);

    private SeguroException Fault(Exception failed, string what)
    {
        string text = $"{Name}: {what}: {(failed is OperationCanceledException ? "there was no answer in time" : failed.Message)}{(failed is AmazonS3Exception { ErrorCode.Length: > 0 } named ? $" ({named.ErrorCode})" : "")}";
        return failed switch
        {
            AmazonS3Exception { ErrorCode: "QuotaExceeded" or "XMinioAdminBucketQuotaExceeded" or "XMinioStorageFull" or "ServiceQuotaExceededException" } or AmazonS3Exception { StatusCode: HttpStatusCode.InsufficientStorage } =>
                new(ErrorCode.DiskFull, text, "Make room in the bucket, or raise its quota; `seguro harbor prune` says what is not needed any more. The backup goes on from where it stopped.", failed),
            AmazonS3Exception { ErrorCode: "InvalidRequest" or "InvalidArgument" } s3 when _lock is not null && IsOfLock(s3) =>
                new(ErrorCode.BadValue, text, "Object Lock can be had only in a bucket that was made with it: make one, or leave lock= out of the URL.", failed),
            AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new(ErrorCode.NotFound, text, "Make the bucket, or check the URL.", failed),
            AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => new(ErrorCode.NotFound, text, "The bucket does not have it.", failed),
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => new(ErrorCode.AccessDenied, text, WhatOfCredentials(failed), failed),
            AmazonClientException { InnerException: null } => new(ErrorCode.AccessDenied, text, "Name a file with the credentials: credentials=FILE.", failed),
            _ => new(ErrorCode.HarborUnavailable, text, "See that the server can be reached and is well.", failed),
        };
    }

    /// <summary>Ceph says nothing beside the code; the SDK makes a message of it then.</summary>
    private static bool IsOfLock(AmazonS3Exception refused) =>
        refused.Message.Contains("Lock", StringComparison.OrdinalIgnoreCase) || refused.Message.Length == 0 || refused.Message.Contains(refused.ErrorCode, StringComparison.Ordinal);

    private string WhatOfCredentials(Exception failed)
    {
        string where = _credentials.Length > 0 ? _credentials : "the environment (AWS_ACCESS_KEY_ID …)";
        return (failed as AmazonS3Exception)?.ErrorCode switch
        {
            "InvalidAccessKeyId" => $"The server does not know the key in the first line of {where}: write the right one there, and try `seguro harbor attach` again.",
            "SignatureDoesNotMatch" => $"The secret in {where} is not that of the key, or the URL's region= is another than the bucket's: mend it, and try `seguro harbor attach` again.",
            "RequestTimeTooSkewed" => "Set this machine's clock (timedatectl).",
            _ => $"The key in {where} may not do that: let the bucket's policy allow it to get, put and list, and to delete for `prune` and `attach`.",
        };
    }
}
