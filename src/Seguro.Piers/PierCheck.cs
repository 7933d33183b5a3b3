namespace Seguro.Piers;

/// <summary>How much of a pier's log is looked at when it is opened.</summary>
internal enum PierCheck
{
    /// <summary>Every page of every table. What passes is sound from end to end, but for the events' content. It reads the whole file.</summary>
    Everything,

    /// <summary>
    /// All but the leaves within the tables of numbers, which are nearly all of a long log: some hundredth of the file. Such a leaf is checked when it is read, and
    /// <see cref="EventReader.CheckLeaves"/> does it before liblmdb comes near; an append touches the last leaf only.
    /// </summary>
    AllButInnerLeaves,
}
