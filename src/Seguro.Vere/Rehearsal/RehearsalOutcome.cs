namespace Seguro.Vere.Rehearsal;

/// <summary>How a step of a rehearsal ended.</summary>
public enum RehearsalOutcome
{
    /// <summary>As it should.</summary>
    Ok,

    /// <summary>The program refused, crashed, or left something that is not what it began with.</summary>
    Failed,

    /// <summary>Its time was over, and it had said nothing for the last half of it.</summary>
    Hang,

    /// <summary>Its time was over, and it was getting on.</summary>
    Time,

    /// <summary>It wanted more memory than it may have.</summary>
    Memory,

    /// <summary>It wanted more disk than it may have.</summary>
    Disk,

    /// <summary>It was left out.</summary>
    Skipped,
}
