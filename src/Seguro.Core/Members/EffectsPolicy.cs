namespace Seguro.Core;

/// <summary>What a new master does with effects of its predecessor of which nobody knows whether they were released.</summary>
public enum EffectsPolicy
{
    /// <summary>They are released again. Right for Ames, whose receivers tolerate repeats.</summary>
    AtLeastOnce,
    /// <summary>They are not released. What stock vere does after a crash.</summary>
    AtMostOnce,
}
