using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>All that a <see cref="NockShip"/> is after an event. What it refers to does not change, but for the kernel's machine.</summary>
/// <param name="Number">The event.</param>
/// <param name="Kernel">The kernel, with a state of its own; null before the boot's end.</param>
/// <param name="Core">The kernel's state; before the boot's end the formulas so far, the last one first.</param>
/// <param name="LastNow">The time of the last event; 0 where it had none.</param>
sealed record ShipState(EventNumber Number, ArvoKernel? Kernel, Noun Core, UInt128 LastNow)
{
    public static ShipState Origin { get; } = new(EventNumber.None, null, Atom.Zero, 0);

    public uint Mug => Kernel is null ? 0 : (uint)Core.Mug;
}
