using System.Net;

namespace Seguro.HarborService;

/// <summary>What a harbor's service needs to be told.</summary>
public sealed record ServiceOptions
{
    /// <summary>Where it listens; port 0: a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The PEM file of the certificate and those above it; <see langword="null"/>: plain HTTP, on loopback only, behind a proxy that ends TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>The PEM file of the certificate's key.</summary>
    public string? PrivateKey { get; init; }

    /// <summary>
    /// What it is called by owners, <c>NAME</c> or <c>NAME:PORT</c>: a request that was signed for another is refused, so that no other service can
    /// pass on what it was sent. Needed without a certificate, which says it otherwise.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Balancers that pass connections on without saying whose they are: limits by address are not for them.</summary>
    public IReadOnlyList<IPAddress> Balancers { get; init; } = [];

    /// <summary>Requests a second of one address, on average; before anything is computed for them.</summary>
    public double AddressRate { get; init; } = 200;

    /// <summary>Requests a second of one owner, on average.</summary>
    public double OwnerRate { get; init; } = 50;

    /// <summary>For so many seconds of its rate somebody may have been quiet before.</summary>
    public double Burst { get; init; } = 20;

    /// <summary>Requests of one owner at the same time.</summary>
    public int OwnerRequests { get; init; } = 64;

    /// <summary>Bytes a second: a body that comes, or goes, slower than this is given up.</summary>
    public double SlowestBody { get; init; } = 8 << 10;

    /// <summary>For so long a body may be slower at first; for a request's head, all the time that it has.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most bytes of one object.</summary>
    public long LargestObject { get; init; } = 5L << 30;

    /// <summary>The most bytes of bodies on their way, in memory.</summary>
    public long BodyMemory { get; init; } = 256 << 20;

    /// <summary>The most bytes of bodies on their way, in temporary files: the larger ones.</summary>
    public long BodyDisk { get; init; } = 16L << 30;

    /// <summary>For so long what is known of an owner is used before it is looked up again.</summary>
    public TimeSpan OwnerAge { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How old what an owner holds may be, where others put it, before it is counted again.</summary>
    public TimeSpan CountAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the audit's entries wait for more before they are written.</summary>
    public TimeSpan AuditAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Told what people should know: a full sentence, and whether it is a warning. From any thread; it may not block.</summary>
    public Action<bool, string> Tell { get; init; } = static (_, _) => { };

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
