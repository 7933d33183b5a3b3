using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

/// <summary>The model as a database to be hurt and healed: for running the conformance suite on it.</summary>
public class ModelHarness : StoreHarness
{
    /// <summary>A harness of a model that obeys the contract.</summary>
    public ModelHarness()
        : this(new ModelOptions { DurableCopies = 3 })
    {
    }

    /// <summary>For harnesses of models with other numbers.</summary>
    protected ModelHarness(ModelOptions options) => Database = new ModelDatabase(options);

    /// <summary>The database.</summary>
    public ModelDatabase Database { get; }

    /// <summary>A harness of a model of one's own.</summary>
    public static ModelHarness Of(ModelOptions options) => new(options);

    /// <inheritdoc/>
    public override string Url => "model:";

    /// <inheritdoc/>
    public override Faults Supports => Faults.Crash | Faults.CutConnections | Faults.ChangeLeader | Faults.DeposeLeader | Faults.FillDisk | Faults.FlipByte;

    /// <inheritdoc/>
    public override ValueTask<IStore> OpenAsync(CancellationToken cancel) => new(Database.Open());

    /// <inheritdoc/>
    public override Task<Func<CancellationToken, ValueTask<IStore>>> MakeAnotherAsync(CancellationToken cancel)
    {
        ModelDatabase other = new(Database.Options);
        return Task.FromResult<Func<CancellationToken, ValueTask<IStore>>>(_ => new(other.Open()));
    }

    /// <inheritdoc/>
    public override Task CrashServerAsync(CancellationToken cancel)
    {
        if (Database.Options.Bug is ModelBug.CommitNotDurable)
            Database.LoseLastCommit();
        Database.Faults.NextWrites(WriteFate.Refused, WriteFate.UnknownApplied, WriteFate.UnknownLost, WriteFate.Refused);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task CutConnectionsAsync(CancellationToken cancel)
    {
        Database.Faults.NextWrites(WriteFate.UnknownLost, WriteFate.UnknownApplied);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task ChangeLeaderAsync(CancellationToken cancel)
    {
        Database.Faults.NextWrites(WriteFate.UnknownApplied);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task<DeposedLeader> DeposeLeaderAsync(CancellationToken cancel) =>
        Task.FromResult(new DeposedLeader(Database.OpenDeposed(), static () => ValueTask.CompletedTask));

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FillDiskAsync(CancellationToken cancel)
    {
        Database.Faults.IsDiskFull = true;
        return Task.FromResult<IAsyncDisposable>(new Room(Database.Faults));
    }

    /// <inheritdoc/>
    public override Task<IAsyncDisposable> FlipByteAsync(ReadOnlyMemory<byte> stored, CancellationToken cancel)
    {
        FlippedBytes flipped = new(Database.Find(stored.Span));
        flipped.Flip();
        return Task.FromResult<IAsyncDisposable>(flipped);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private sealed class Room(ModelFaults faults) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            faults.IsDiskFull = false;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FlippedBytes(IReadOnlyList<(byte[] Fragment, int At)> places) : IAsyncDisposable
    {
        public void Flip()
        {
            Assert.NotEmpty(places);
            foreach ((byte[] fragment, int at) in places)
                fragment[at] ^= 0x10;
        }

        public ValueTask DisposeAsync()
        {
            Flip();
            return ValueTask.CompletedTask;
        }
    }
}
