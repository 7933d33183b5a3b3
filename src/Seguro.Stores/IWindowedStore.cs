using Seguro.Core;

namespace Seguro.Stores;

/// <summary>A store that keeps a window of the log under a cap, which can be changed while it runs.</summary>
public interface IWindowedStore : IStore
{
    /// <summary>Changes the cap, for every process: what is refused for want of room goes on as soon as there is more.</summary>
    /// <remarks>What a process that has the store open says of it (<see cref="StoreCapabilities.Window"/>), and does by that, changes when it opens it anew. Repeating is safe.</remarks>
    /// <param name="bytes">Payload bytes.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: more or less than the store may have, or than it holds; what the store throws.</exception>
    ValueTask SetWindowAsync(long bytes, CancellationToken cancel);
}
