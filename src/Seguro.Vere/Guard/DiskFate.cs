namespace Seguro.Vere.Guard;

/// <summary>What became of the disk on which the ship's pier was last.</summary>
public enum DiskFate
{
    /// <summary>The pier on it was copied after the ship had stopped for good: the log has all of it.</summary>
    Read,

    /// <summary>It can't be read any more: what the ship computed last may be missing, and the owner goes on without it.</summary>
    Lost,
}
