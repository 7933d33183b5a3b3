using Seguro.Core;

namespace Seguro.Piers;

/// <summary>What a pier says about itself.</summary>
public sealed record PierInfo
{
    /// <summary>The pier's folder, absolute.</summary>
    public required string Path { get; init; }

    /// <summary>Whose it is.</summary>
    public required PierIdentity Identity { get; init; }

    /// <summary>The generation of its layout: that of its newest epoch.</summary>
    public required PierLayout Layout { get; init; }

    /// <summary>META's <c>version</c>: 1 for a flat log, 3 with epochs.</summary>
    public required int MetaVersion { get; init; }

    /// <summary>The runtime that made the newest epoch; empty for a flat log.</summary>
    public required string VereVersion { get; init; }

    /// <summary>The epochs from the oldest to the newest; one for a flat log.</summary>
    public required IReadOnlyList<EpochInfo> Epochs { get; init; }

    /// <summary>The first event that it holds; one above <see cref="Last"/> where it holds none. Above 1 where older epochs were chopped off.</summary>
    public required EventNumber First { get; init; }

    /// <summary>The last event.</summary>
    public required EventNumber Last { get; init; }

    /// <summary>The sum of the payloads, in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Who else held it when it was opened (only ever somebody with <see cref="PierAccess.Live"/>).</summary>
    public required PierHold Hold { get; init; }

    /// <summary>The snapshots of vere's that lie in it: the live one, a backup of it, those of epochs.</summary>
    public IReadOnlyList<LoomImage> Images { get; init; } = [];

    /// <summary>What in it proves that its log is not all that the ship computed; none where all is well.</summary>
    public IReadOnlyList<PierEvidence> Evidence { get; init; } = [];

    /// <summary>Who computes the ship, where a cluster left its mark in the pier (<see cref="CustodyMark"/>).</summary>
    public Custody? Custody { get; init; }

    /// <summary>It holds no event.</summary>
    public bool IsEmpty => Last < First;

    /// <summary>The number before <see cref="First"/>: 0 where the log has its beginning.</summary>
    public EventNumber Base => First.Previous;

    /// <summary>How many events it holds.</summary>
    public ulong Count => IsEmpty ? 0 : Last - First + 1;
}
