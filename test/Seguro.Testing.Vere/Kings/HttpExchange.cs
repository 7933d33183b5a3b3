using System.Threading.Channels;

namespace Seguro.Testing.Vere;

/// <summary>A request that waits for its answer.</summary>
sealed class HttpExchange
{
    /// <summary>What came; few, since the ship makes a part an event.</summary>
    public Channel<HttpPart> Parts { get; } = Channel.CreateUnbounded<HttpPart>();

    /// <summary>Has it begun to be answered?</summary>
    public bool HasBegun { get; set; }
}
