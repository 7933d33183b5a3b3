using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A server that was the leader, can't reach the others any more, and still answers. Disposing of it heals the database.</summary>
/// <param name="client">A client that speaks with that server only.</param>
/// <param name="heal">Joins the server with the others again; returns when the database is whole.</param>
public sealed class DeposedLeader(IStore client, Func<ValueTask> heal) : IAsyncDisposable
{
    /// <summary>A client that speaks with the deposed server only. Other clients reach the new leader.</summary>
    public IStore Client { get; } = client;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await heal();
    }
}
