using Seguro.Core;

namespace Seguro.Harbor.Reading;

/// <summary>A file of a snapshot as its name shows it.</summary>
/// <param name="Name">The name within the ship's folder.</param>
/// <param name="Event">The event after which it was saved.</param>
/// <param name="File">The file's own name.</param>
/// <param name="Size">The object's size, in bytes.</param>
internal sealed record SnapshotObject(string Name, EventNumber Event, string File, long Size);
