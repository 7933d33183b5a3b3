namespace Seguro.Core;

/// <summary>
/// Stable codes of errors, written <c>SG1002</c>. The thousands digit is the exit code of the command that ends with the error:
/// 1 failed, 2 usage, 3 refused as unsafe, 4 degraded.
/// </summary>
public enum ErrorCode
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>Something that Seguro did not foresee; the text says what, and it is a bug to report.</summary>
    Unexpected = 1000,
    /// <summary>The database can't be reached, or went away and did not come back in time.</summary>
    StoreUnavailable = 1001,
    /// <summary>The database refused the user's name, password or certificate.</summary>
    AccessDenied = 1002,
    /// <summary>The disk, or the database's own quota, is full.</summary>
    DiskFull = 1003,
    /// <summary>Bytes are not what was written: a wrong chain, a gap, a torn file.</summary>
    Corrupt = 1004,
    /// <summary>The store has no log of this ship.</summary>
    NoSuchLog = 1005,
    /// <summary>The events asked for were trimmed away.</summary>
    Trimmed = 1006,
    /// <summary>The events asked for do not exist yet.</summary>
    BeyondHead = 1007,
    /// <summary>Two logs that should be the same differ.</summary>
    Different = 1008,
    /// <summary>The outcome of a write stayed unknown in spite of repeats.</summary>
    OutcomeUnknown = 1009,
    /// <summary>A part of Seguro's own that runs as a process of its own did not start, or ended.</summary>
    ProcessFailed = 1010,
    /// <summary>A file or folder can't be read or written.</summary>
    FileAccess = 1011,
    /// <summary>A file or folder that is needed is not there.</summary>
    NotFound = 1012,
    /// <summary>Somebody else wrote in the meantime.</summary>
    Conflict = 1013,
    /// <summary>A package that the system must have is not installed.</summary>
    MissingLibrary = 1014,
    /// <summary>The user stopped the command.</summary>
    Interrupted = 1015,
    /// <summary>An event led here to another state than where it was made.</summary>
    Nondeterministic = 1016,
    /// <summary>A ship's computation crashed, or reached a limit.</summary>
    Crashed = 1017,
    /// <summary>As many appends wait as a writer of the client library takes.</summary>
    QueueFull = 1018,

    /// <summary>A harbor's target can't be reached, or did not answer in time.</summary>
    HarborUnavailable = 1060,
    /// <summary>No identity that was given opens a harbor's object.</summary>
    WrongIdentity = 1061,
    /// <summary>A harbor lacks events between those that it has, or can't give them, and no other target has them.</summary>
    HarborIncomplete = 1062,

    /// <summary>The command line is not understood.</summary>
    Usage = 2000,
    /// <summary>The text is not a store's URL.</summary>
    BadStoreUrl = 2001,
    /// <summary>The text is not a ship's name.</summary>
    BadShipName = 2002,
    /// <summary>A value is out of its range.</summary>
    BadValue = 2003,

    /// <summary>Another master's term is the current one.</summary>
    Fenced = 3001,
    /// <summary>Somebody holds the lease and is alive.</summary>
    LeaseHeld = 3002,
    /// <summary>The log, or the pier, belongs to another ship.</summary>
    ForeignShip = 3003,
    /// <summary>A log with other events is already there.</summary>
    Diverged = 3004,
    /// <summary>A running vere, or another process, holds the pier.</summary>
    PierLocked = 3005,
    /// <summary>The event, or the log, is larger than the store may hold.</summary>
    TooLarge = 3006,
    /// <summary>The database belongs to another program.</summary>
    ForeignDatabase = 3007,
    /// <summary>The database, or the pier, was made by a newer program.</summary>
    NewerSchema = 3008,
    /// <summary>The folder is not a pier, or lacks what a pier must have.</summary>
    NotAPier = 3009,
    /// <summary>The numbers of the events have a hole.</summary>
    Gap = 3010,
    /// <summary>An event is not what an event of a pier must be.</summary>
    BadEvent = 3011,
    /// <summary>The target exists already.</summary>
    AlreadyExists = 3012,
    /// <summary>The database's settings do not keep Seguro's promises.</summary>
    UnsafeSettings = 3013,
    /// <summary>Unencrypted traffic beyond this machine was asked for.</summary>
    InsecureTransport = 3014,
    /// <summary>A member's data is not where its record says that it must be.</summary>
    LostDisk = 3015,
    /// <summary>The store can't do this, or it is of a kind that Seguro does not know.</summary>
    Unsupported = 3016,
    /// <summary>What can't be undone needs a word of confirmation.</summary>
    Unconfirmed = 3017,
    /// <summary>The cluster does not let this member in: it left, or it was never let in.</summary>
    NotAMember = 3021,
    /// <summary>A private key, or another secret, can be read or changed by others on the machine.</summary>
    ExposedSecret = 3022,

    /// <summary>The log is being imported, and not all of it is there yet.</summary>
    HalfImported = 3023,

    /// <summary>Members of one cluster work with different stores.</summary>
    OtherStore = 3024,

    /// <summary>A member, or the cluster's log, is of a version that this one does not understand.</summary>
    OtherVersion = 3025,

    /// <summary>A replica computed an event otherwise than the master did: by its own worker, or by Seguro's Nock machine.</summary>
    StandbyDiffers = 3026,

    /// <summary>A log is not all that its ship computed, as what lies around it proves.</summary>
    ShortLog = 3040,

    /// <summary>A pier went back in time: it has fewer events of its history than the log that is mirrored from it.</summary>
    WentBack = 3050,

    /// <summary>The log is in another custody: somebody else computes its ship, or may do so.</summary>
    OtherCustody = 3051,

    /// <summary>A ship is not to be started from this log: somebody knows of a later event of it.</summary>
    NotAtHead = 3052,

    /// <summary>The pier was imported into another store before, or given to another cluster.</summary>
    ImportedElsewhere = 3053,

    /// <summary>A new vere was not rehearsed on the ship, or must not have it.</summary>
    RehearsalFailed = 3054,

    /// <summary>What must not reach the network can't be kept from it here.</summary>
    NotConfined = 3055,

    /// <summary>A copy of a ship with keys of the real network was to be started, to show something.</summary>
    RealShip = 3057,

    /// <summary>The machine forwards no packets, and its kernel was to carry a ship's datagrams.</summary>
    NotForwarding = 3058,

    /// <summary>The ship can't have a network of its own on this machine (vere:network namespace).</summary>
    NoShipNetwork = 3059,

    /// <summary>A harbor's target went back in time: it has less than it was known to have.</summary>
    HarborWentBack = 3060,

    /// <summary>A harbor's target does not keep what a backup rests on: that a name that exists is not made again.</summary>
    UnsafeTarget = 3061,

    /// <summary>The clock of this machine and that of a harbor's service differ too much for a signed request to be taken.</summary>
    ClockDiffers = 3062,

    /// <summary>A bucket keeps an object until its retention ends, and does not remove it before.</summary>
    ObjectLocked = 3070,

    /// <summary>The node holds many ships, and the command, or the request, names none.</summary>
    ManyShips = 3080,

    /// <summary>The node holds the one ship of its configuration: none is added there or removed.</summary>
    OneShip = 3081,

    /// <summary>The list of ships in the store is of another cluster of nodes: of another name, or under another authority.</summary>
    OtherNodes = 3082,

    /// <summary>A harbor's target lacks events in its middle: the log that it is filled from no longer had them when their turn came.</summary>
    HarborGap = 3095,

    /// <summary>Nobody has followed the pier of a mirrored log for a minute or longer.</summary>
    MirrorSilent = 4010,

    /// <summary>The clock of a replica's worker can't be steered on this machine: the replica does less than it was to.</summary>
    NotSteerable = 4026,

    /// <summary>A replica's worker did not come up, or did not go on: the replica does less than it was to.</summary>
    StandbyFailed = 4027,

    /// <summary>A replica's Nock machine can't compute what its ship's vere did: the replica does less than it was to.</summary>
    MachineFailed = 4028,

    /// <summary>A harbor's target is behind, or damaged, and others make up for it.</summary>
    HarborDegraded = 4060,
}
