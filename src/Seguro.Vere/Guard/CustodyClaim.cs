using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Vere.Guard;

/// <summary>
/// The right to say who computes a ship: the lease of its log, and what the log says. While it is held, no member and no mirror writes to the log, and any that was there is fenced by the term.
/// </summary>
/// <remarks>For one thread. Dispose of it before the log.</remarks>
public sealed class CustodyClaim : IAsyncDisposable
{
    private readonly EventLog _log;
    private readonly WriterLease _lease;
    private ReadOnlyMemory<byte>? _written;

    private CustodyClaim(EventLog log, WriterLease lease, GuardQuestion question, ReadOnlyMemory<byte>? written)
    {
        (_log, _lease, Question) = (log, lease, question);
        _written = written;
    }

    /// <summary>What was known when the claim was granted.</summary>
    public GuardQuestion Question { get; }

    /// <summary>Asks the log, and refuses by <see cref="GuardRules"/>; writes nothing.</summary>
    /// <param name="log">The log.</param>
    /// <param name="act">What is about to be done.</param>
    /// <param name="store">The store that holds it.</param>
    /// <param name="url">The store as its user named it, without secrets.</param>
    /// <param name="word">What the owner says.</param>
    /// <param name="others">What others know.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.OtherCustody"/>, <see cref="ErrorCode.NotAtHead"/>, <see cref="ErrorCode.HalfImported"/>; what the store throws.</exception>
    public static async ValueTask<GuardQuestion> AskAsync(
        EventLog log, GuardedAct act, IStore store, string url, OwnersWord word, IReadOnlyList<KnownHead> others, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(store);
        Custody? custody = Custody.Read(await log.Stored.ReadMetadataAsync(cancel));
        StoreIdentity? identity = custody?.Store is null ? null : await FindIdentityAsync(store, cancel);
        return (await AskAsync(new GuardQuestion { Act = act, Ship = log.Ship, Custody = custody, Store = identity, Url = url, Head = default, Word = word, Others = others }, log, cancel)).Question;
    }

    /// <summary>Takes the lease, asks again under it, and refuses by <see cref="GuardRules"/>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="question">What <see cref="AskAsync(EventLog, GuardedAct, IStore, string, OwnersWord, IReadOnlyList{KnownHead}, CancellationToken)"/> let through.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.LeaseHeld"/>: a member or a mirror is alive; as the other.</exception>
    public static async ValueTask<CustodyClaim> TakeAsync(EventLog log, GuardQuestion question, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(log);
        WriterLease lease = await WriterLease.AcquireAsync(log, "custody", TimeSpan.FromSeconds(5), time, cancel);
        try
        {
            (GuardQuestion now, ReadOnlyMemory<byte>? written) = await AskAsync(question, log, cancel);
            return new CustodyClaim(log, lease, now, written);
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says who computes the ship. Durable when it returns.</summary>
    /// <exception cref="SeguroException">As <see cref="LogMetadata.SetAsync"/>.</exception>
    public async ValueTask WriteAsync(Custody custody, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(custody);
        byte[] value = custody.ToBytes();
        await LogMetadata.SetAsync(_log, _lease.Term, MetadataKey.Custody, _written, value, cancel);
        _written = value;
    }

    /// <summary>Frees the lease, as far as that works within two seconds.</summary>
    public ValueTask DisposeAsync() => _lease.DisposeAsync();

    /// <summary>The store's identity; <see langword="null"/> where it was given none yet, and is open for reading only.</summary>
    private static async ValueTask<StoreIdentity?> FindIdentityAsync(IStore store, CancellationToken cancel)
    {
        try
        {
            return await store.ReadIdentityAsync(cancel);
        }
        catch (SeguroException none) when (none.Code is ErrorCode.Unsupported)
        {
            return null;
        }
    }

    private static async ValueTask<(GuardQuestion Question, ReadOnlyMemory<byte>? Written)> AskAsync(GuardQuestion question, EventLog log, CancellationToken cancel)
    {
        LogState state = await log.ReadStateAsync(cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(cancel);
        if (question.Act is not GuardedAct.Run)
            ImportMark.Require(log.Ship, metadata); // a member waits for the rest
        GuardQuestion now = question with { Head = state.Head.Number, Custody = Custody.Read(metadata) };
        return GuardRules.Refuse(now) is { } refusal ? throw refusal : (now, LogMetadata.Find(metadata, MetadataKey.Custody));
    }
}
