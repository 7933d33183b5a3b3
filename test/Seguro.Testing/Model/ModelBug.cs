namespace Seguro.Testing;

/// <summary>Mistakes that a store could make, planted on purpose, to prove that the conformance suite finds each.</summary>
public enum ModelBug
{
    /// <summary>The model obeys the contract.</summary>
    None,
    /// <summary>A write of a lower term than the current one is taken.</summary>
    LowerTermAccepted,
    /// <summary>An append is written whatever the head is.</summary>
    HeadNotChecked,
    /// <summary>The repeat of an append that was committed says <c>Conflict</c>.</summary>
    RepeatConflicts,
    /// <summary>Staged fragments come out of reads before their event is appended.</summary>
    StagedVisible,
    /// <summary>What an earlier term staged survives a campaign.</summary>
    StagedSurvivesCampaign,
    /// <summary>A trim removes one event too many.</summary>
    TrimOffByOne,
    /// <summary>Metadata is written whatever the term is.</summary>
    MetadataNotFenced,
    /// <summary>Metadata is written whatever the value was.</summary>
    MetadataNotCompared,
    /// <summary>The state is what it was before the last write.</summary>
    StateStale,
    /// <summary>An append is acknowledged and then lost in a crash.</summary>
    CommitNotDurable,
    /// <summary>A group of which only the first half was written is acknowledged.</summary>
    GroupTorn,
    /// <summary>Two candidates that saw the same lease both win.</summary>
    CampaignNotCompared,
    /// <summary>A campaign that is repeated does not find its own success.</summary>
    CampaignNotRepeatable,
    /// <summary>Resigning takes the term back.</summary>
    TermFalls,
    /// <summary>All ships share one log.</summary>
    ShipsMixed,
    /// <summary>Each client gives the store an identity of its own.</summary>
    IdentityNotKept,
    /// <summary>Opening a log makes it.</summary>
    OpenCreates,
    /// <summary>The sum of bytes is not kept.</summary>
    BytesNotCounted,
    /// <summary>A full window refuses the repeat of what was committed.</summary>
    WindowBeforeRepeat,
    /// <summary>A write that ends with an exception may have happened.</summary>
    RefusedButWritten,
    /// <summary>A deposed leader tells the state that it knows.</summary>
    DeposedReads,
    /// <summary>A deposed leader says no on the strength of what it knows.</summary>
    DeposedDecides,
}
