namespace Seguro.Vere.Standby;

/// <summary>Why a standby's worker is of no use any more.</summary>
public enum FeedFault
{
    /// <summary>It is of use.</summary>
    None,

    /// <summary>The event has a time that no clock shows, or is no event that a worker can be given. A worker that is started anew takes it from the log.</summary>
    NoClock,

    /// <summary>What the worker wrote has another time: its clock does not heed the steering. Nothing is wrong with the log.</summary>
    ClockUnheeded,

    /// <summary>The worker wrote another event, or none: it, or this machine, computes otherwise than the master did.</summary>
    Differs,

    /// <summary>It did not answer in time.</summary>
    Late,

    /// <summary>It ended.</summary>
    Gone,
}
