using System.Net.Http;
using System.Security.Authentication;
using Grpc.Core;
using Seguro.Core;

namespace Seguro.Stores.Etcd;

/// <summary>What a failed call means.</summary>
/// <remarks>The texts are etcd's (etcd-io/etcd, api/v3rpc/rpctypes/error.go); the codes alone do not tell them apart.</remarks>
enum EtcdFailure
{
    /// <summary>It may have been done, or may still be.</summary>
    Unclear,

    /// <summary>It was certainly not done; another try, or another member, may do.</summary>
    NotDone,

    /// <summary>The quota was passed. What was asked may have been done all the same, but is not on its way any more.</summary>
    NoSpace,

    /// <summary>It was not done, and no repeat helps.</summary>
    Refused,
}

/// <summary>Tells failures apart, and puts them into words.</summary>
static class EtcdFailures
{
    /// <summary>What a failure means.</summary>
    public static EtcdFailure Of(RpcException error) => error.StatusCode switch
    {
        StatusCode.ResourceExhausted when Says(error, "space exceeded") => EtcdFailure.NoSpace,
        StatusCode.ResourceExhausted when Says(error, "too many requests") => EtcdFailure.NotDone,
        StatusCode.Unavailable when Says(error, "no leader") => EtcdFailure.NotDone,
        StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.InvalidArgument or StatusCode.FailedPrecondition
            or StatusCode.Unimplemented or StatusCode.DataLoss => EtcdFailure.Refused,
        _ when IsUntrusted(error) => EtcdFailure.Refused,
        _ when IsNeverSent(error) => EtcdFailure.NotDone,
        _ => EtcdFailure.Unclear,
    };

    /// <summary>The error of a call that was refused.</summary>
    public static SeguroException Refusal(RpcException error, string where) => error.StatusCode switch
    {
        StatusCode.DataLoss => new SeguroException(ErrorCode.Corrupt, $"etcd at {where} says that its members differ: {error.Status.Detail}", "Nothing was written. See etcd's documentation on corrupt members.", error),
        StatusCode.InvalidArgument when Says(error, "too large") || Says(error, "too many operations") => new SeguroException(
            ErrorCode.UnsafeSettings, $"etcd at {where} takes less in one request than Seguro needs: {error.Status.Detail}", "Nothing was written. Start etcd without --max-request-bytes and --max-txn-ops, or with values not below the defaults (1572864 and 128).", error),
        _ when IsUntrusted(error) => new SeguroException(
            ErrorCode.AccessDenied, $"etcd at {where} and this machine do not trust each other: {Innermost(error).Message}", "Give etcd certificates of the same authority, issued for the name in the URL; it must have --client-cert-auth and --trusted-ca-file.", error),
        StatusCode.Unimplemented => new SeguroException(ErrorCode.Unsupported, $"what answers at {where} does not speak etcd's version 3 API", "Name the addresses at which etcd answers clients.", error),
        _ => new SeguroException(ErrorCode.AccessDenied, $"etcd at {where} refused: {error.Status.Detail}", "Give the user of the certificate's common name the right to read and write all keys below the prefix, or switch etcd's authentication off.", error),
    };

    /// <summary>For people: the failure in one line.</summary>
    public static string Text(RpcException error) => error.StatusCode is StatusCode.DeadlineExceeded ? "no answer in time" : error.Status.Detail is { Length: > 0 } detail ? detail : error.StatusCode.ToString();

    private static bool Says(RpcException error, string part) => error.Status.Detail.Contains(part, StringComparison.Ordinal);

    private static bool IsUntrusted(RpcException error) => Causes(error).Any(static cause => cause is AuthenticationException);

    private static bool IsNeverSent(RpcException error) => Causes(error).Any(static cause => cause is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
    });

    private static Exception Innermost(RpcException error) => Causes(error).Last();

    private static IEnumerable<Exception> Causes(RpcException error)
    {
        yield return error;
        for (Exception? cause = error.Status.DebugException ?? error.InnerException; cause is not null; cause = cause.InnerException)
            yield return cause;
    }
}
