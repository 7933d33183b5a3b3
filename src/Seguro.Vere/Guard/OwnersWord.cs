using Seguro.Core;

namespace Seguro.Vere.Guard;

/// <summary>What the ship's owner says, since no log can know it.</summary>
/// <param name="MachineOff">No vere will ever run the ship from where it ran last: the machine is off for good, or the pier there is gone.</param>
/// <param name="Disk">What became of that disk; <see langword="null"/> where it was not said.</param>
/// <param name="GivesUp">The highest event that is known to have been computed and that the owner goes on without; none where nothing is given up.</param>
public readonly record struct OwnersWord(bool MachineOff, DiskFate? Disk, EventNumber GivesUp)
{
    /// <summary>Both questions are answered.</summary>
    public bool IsGiven => MachineOff && Disk is not null;
}
