using Seguro.Core;

namespace Seguro.HarborService.Requests;

/// <summary>An answer that says no: a status of HTTP, and what is wrong, in words for whoever reads the client's error.</summary>
internal sealed class RequestRefusal : Exception
{
    public RequestRefusal(int status, string what, string next)
        : base(what)
    {
        Status = status;
        Next = next;
    }

    public int Status { get; }

    public string Next { get; }

    /// <summary>It is known to be nobody's who may ask: the connection is not kept for it.</summary>
    public bool IsOfStranger => Status is 400 or 401 or 428 or 431;

    /// <summary>What the storage says, as far as it concerns an owner.</summary>
    public static RequestRefusal Of(SeguroException failed) => failed.Code switch
    {
        ErrorCode.NotFound => new(404, "there is no such object", "Look with `seguro harbor list`."),
        ErrorCode.DiskFull => new(507, "the service's storage is full", "Ask the provider to make room; it is tried again by itself."),
        ErrorCode.ObjectLocked => new(423, "the service's storage keeps it until its retention ends", "It goes when its retention has ended: ask again then."),
        _ => new(503, "the service's storage does not answer", "It is tried again by itself; ask the provider if it lasts."),
    };
}
