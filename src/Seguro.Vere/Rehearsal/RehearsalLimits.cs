namespace Seguro.Vere.Rehearsal;

/// <summary>What a step of a rehearsal may use.</summary>
/// <param name="Time">How long it may take.</param>
/// <param name="Memory">How much memory its processes may have together, in bytes of resident pages.</param>
/// <param name="Disk">How large the folder in which it works may become, in bytes.</param>
public readonly record struct RehearsalLimits(TimeSpan Time, long Memory, long Disk);
