using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Vere.Mirror;

/// <summary>What a mirror needs to be told.</summary>
public sealed record MirrorOptions
{
    /// <summary>The ship's folder.</summary>
    public required string Pier { get; init; }

    /// <summary>Whose pier it must be; <see langword="null"/>: whosever it is.</summary>
    public Ship? Ship { get; init; }

    /// <summary>The evidence against the pier's log in spite of which it is mirrored.</summary>
    public EvidenceKinds Despite { get; init; }

    /// <summary>For how long the mirror may be silent before another may take its place. A third of it lies between renewals, each of which is a write.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(9);

    /// <summary>How often the pier is looked at when no notification comes: what a notification that was lost costs.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the log's custody is written when nothing else happens: how far the pier was seen, and when.</summary>
    public TimeSpan MarkEvery { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After so long without following, the mirror is degraded; after so long, a pier that can't be read any more ends it.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause between two attempts to reach a store that is away.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Told what people should know, from the mirror's own thread; it may not block.</summary>
    public Action<MirrorNotice> Tell { get; init; } = static _ => { };

    /// <summary>Notifications are listened to; tests switch them off.</summary>
    internal bool Watches { get; init; } = true;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
