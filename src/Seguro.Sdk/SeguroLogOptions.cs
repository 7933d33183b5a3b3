namespace Seguro.Sdk;

/// <summary>What opening a log may need beside its URL and its ship.</summary>
public sealed record SeguroLogOptions
{
    /// <summary>
    /// Who this process is. It begins the name under which others see the writer, and is the name under which <see cref="SeguroLog.AcknowledgeAsync"/> counts:
    /// of each machine another, and the same after a restart.
    /// </summary>
    /// <value>1 to 32 of <c>a-z 0-9 -</c>; <c>sdk</c> by default.</value>
    public string Name { get; init; } = "sdk";

    /// <summary>Make the database's files or tables, and the log, where they are missing.</summary>
    /// <value><see langword="false"/> by default: a slip of the pen then makes nothing.</value>
    public bool Create { get; init; }

    /// <summary>Only read: a store of files stays as it is, to the byte, and may lie on read-only media.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>A log that is made is a real ship's. By default it is a fake one's, as vere calls ships that no network knows.</summary>
    public bool IsReal { get; init; }

    /// <summary>Of a log that is made: how many events at its beginning are formulas of the boot. 0 for what is no ship of Urbit.</summary>
    public uint Life { get; init; }

    /// <summary>The folder with the cluster's certificates (<c>ca.crt</c>, <c>member.crt</c>, <c>member.key</c>), for <c>dqlite://</c> and <c>etcd://</c>.</summary>
    public string? Certificates { get; init; }

    /// <summary>For how long a writer may be silent before others take it for dead.</summary>
    /// <value>A millisecond to an hour; 3 seconds by default.</value>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a call waits for a database that does not answer before it fails.</summary>
    /// <value>15 seconds by default.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Take a database whose settings can lose commits.</summary>
    public bool AllowUnsafeSettings { get; init; }

    /// <summary>Of a pier (<c>lmdb:</c>): the kinds of evidence that its log is not whole, in spite of which it is opened. A refusal names them.</summary>
    public IReadOnlyList<string> Despite { get; init; } = [];

    /// <summary>How many appends may wait at once in a writer. One more is refused (<c>SG1018</c>).</summary>
    /// <value>4,096 by default.</value>
    public int MostWaiting { get; init; } = 4096;

    /// <summary>How many bytes the appends that wait may have together; a single one may have more. What is beyond is refused (<c>SG1018</c>).</summary>
    /// <value>64 MiB by default.</value>
    public long MostWaitingBytes { get; init; } = 64L << 20;
}
