namespace Seguro.HarborService;

/// <summary>How one instance of a harbor's service stands; it knows of no other. Counts are since its start.</summary>
/// <param name="Storage">Where the objects are kept.</param>
/// <param name="Listen">Where owners come.</param>
/// <param name="Seconds">For how long it has been running, in seconds.</param>
/// <param name="Active">Requests that are on their way.</param>
/// <param name="Answered">Requests that were answered with what was asked for.</param>
/// <param name="Refused">Requests that were refused: not signed as they should be, not allowed, too many, over a quota, or of what is not there.</param>
/// <param name="Failed">Requests that the storage or the service could not answer.</param>
/// <param name="BytesIn">Bytes of objects that came in.</param>
/// <param name="BytesOut">Bytes of objects that went out.</param>
/// <param name="AuditLost">Entries of owners' audits that could not be kept.</param>
/// <param name="CertificateDays">Days until its certificate expires, below 0 where it has; <see langword="null"/> behind a proxy that ends TLS.</param>
/// <param name="IsHealthy">It could answer an owner who came now, as far as it knows.</param>
/// <param name="Warnings">What its keeper should know; each a full sentence.</param>
public sealed record ServiceReport(
    string Storage, string Listen, double Seconds, long Active, long Answered, long Refused, long Failed, long BytesIn, long BytesOut, long AuditLost, double? CertificateDays, bool IsHealthy,
    IReadOnlyList<string> Warnings);
