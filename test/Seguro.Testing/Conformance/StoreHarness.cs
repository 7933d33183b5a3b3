using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>
/// A real database that a test can start, hurt and heal. A class of tests shares one (<see cref="IClassFixture{TFixture}"/>), so it
/// starts once a class; each store has one.
/// </summary>
/// <remarks>
/// Everything is in temporary folders, on free loopback ports; processes are ended by their pid on dispose. The faults return when the
/// database takes writes again, or after a bounded time with an exception.
/// </remarks>
public abstract class StoreHarness : IAsyncLifetime
{
    /// <summary>The URL by which the database is opened, as the command line would. Valid after <see cref="InitializeAsync"/>.</summary>
    public abstract string Url { get; }

    /// <summary>Faults that this database can be given.</summary>
    public virtual Faults Supports => Faults.None;

    /// <summary>
    /// Several clients may have the database open at the same time in one process; where not (an engine that locks its files), tests
    /// that need two writers open the log twice in one client.
    /// </summary>
    public virtual bool AllowsManyClients => true;

    /// <summary>Starts the database.</summary>
    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens another, independent client of the same database, making its tables or files where they are missing.</summary>
    public abstract ValueTask<IStore> OpenAsync(CancellationToken cancel);

    /// <summary>Makes another store of this kind, with nothing in it, which ends with the harness. What is returned opens clients of it.</summary>
    public abstract Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel);

    /// <summary>Ends, with kill −9, the server process that answers writes, and starts it again. Returns when the database takes writes again.</summary>
    public virtual Task CrashServerAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Breaks all clients' connections now, in the middle of whatever they do; the server lives on.</summary>
    public virtual Task CutConnectionsAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Makes another server the one that answers writes.</summary>
    public virtual Task ChangeLeaderAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>
    /// Cuts the leader off from the other servers, so that they choose another, while it still answers plain reads. Returns when the new
    /// leader takes writes; disposing of the returned object heals the database.
    /// </summary>
    public virtual Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>Makes the database's disk full until the returned object is disposed of.</summary>
    public virtual Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel) => throw new NotSupportedException();

    /// <summary>
    /// While no client of the test's is open: flips a bit in the database's files where <paramref name="stored"/>, a part of a payload, stands
    /// (<see cref="FileDamage"/>). Disposing of the returned object makes it good again.
    /// </summary>
    public virtual Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel) => throw new NotSupportedException();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
