using System.Threading.Channels;

namespace Seguro.Stores.Dqlite;

/// <summary>Writes warnings to a stream that may not be read for a while (its reader is paused), without ever making the node wait: the oldest are dropped.</summary>
sealed class NodeWarnings
{
    private const int MostWaiting = 64;

    private readonly Channel<string> _waiting = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public NodeWarnings(TextWriter stream) => _ = Task.Run(async () =>
    {
        await foreach (string warning in _waiting.Reader.ReadAllAsync())
            await stream.WriteLineAsync(warning);
    });

    public void Write(string warning) => _waiting.Writer.TryWrite(warning);
}
