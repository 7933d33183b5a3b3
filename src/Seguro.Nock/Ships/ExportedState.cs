using Seguro.Core;

namespace Seguro.Nock.Ships;

/// <summary>A state as vere exports it (<c>urbit cram</c>, <c>.urb/roc/599.jam</c>): jam of <c>[%arvo kernel %hashboard names]</c>.</summary>
/// <param name="File">The file.</param>
/// <param name="Position">The event after which it was exported, and the log's chain there: the file says neither.</param>
public sealed record ExportedState(string File, Position Position);
