using System.Text;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Piers.Store;

/// <summary>A pier's log as its files show it, also while a vere, or another Seguro, writes to them.</summary>
/// <remarks>Reads may overlap; <see cref="ReadState"/> is one at a time.</remarks>
sealed class LmdbView : IDisposable
{
    private const int LargestRecord = MetadataKey.LargestValue;
    private static readonly string[] VereKeys = [MetadataKey.Who, MetadataKey.Fake, MetadataKey.Life];
    private readonly PierFiles _files;
    private readonly Lock _gate = new();
    private LogState? _last;

    private LmdbView(PierFiles files)
    {
        _files = files;
        Ship = ReadShip();
    }

    public Ship Ship { get; }

    public PierFiles Files => _files;

    /// <summary>Opens a pier's files.</summary>
    /// <param name="path">The pier's folder.</param>
    /// <param name="isLive">Somebody else may write meanwhile; otherwise what is checked can be given to liblmdb (<see cref="PierCheck.AllButInnerLeaves"/>).</param>
    /// <param name="despite">The evidence against the log in spite of which it is opened.</param>
    public static LmdbView Open(string path, bool isLive, EvidenceKinds despite = EvidenceKinds.None)
    {
        PierFiles files = PierFiles.Open(path, isLive, smallestEvent: 0, PierCheck.AllButInnerLeaves, despite);
        try
        {
            return new LmdbView(files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>The state, with the chain computed over what vere wrote by itself.</summary>
    /// <param name="found">Takes each event whose chain was not recorded.</param>
    public LogState ReadState(Action<EventNumber, Chain, Term>? found = null)
    {
        lock (_gate)
        {
            LogState? recorded = ReadRecords();
            EventNumber last = _files.Newest.NewReader().FindEnds() is { } ends ? new EventNumber(ends.Last) : _files.Last;
            LogState state = recorded ?? new LogState(
                new Position(_files.First.Previous, Chain.Zero), new Head(Term.None, _files.First.Previous, Chain.Zero), Lease.None, 0);
            if (last < state.Head.Number && !state.IsEmpty)
                state = CutBack(state, last);
            if (_last is { } before && found is null && before.Base == state.Base && before.Head.Number > state.Head.Number && before.Head.Number <= last)
                state = state with { Head = before.Head, Bytes = before.Bytes };
            _last = state = GoOn(state, last, found);
            return state;
        }
    }

    /// <summary>Refuses a pier whose last event is not the one whose chain was recorded: vere wrote another in its place.</summary>
    public void CheckHead(LogState state)
    {
        if (state.IsEmpty || ReadChain(state.Head.Number) is not { } recorded)
            return;
        Chain? before = state.Head.Number == state.First ? state.Base.Chain : ReadChain(state.Head.Number.Previous);
        if (before is not { } previous)
            return;
        using ChainHasher hasher = new();
        foreach (PierPiece piece in ReadPieces(state.Head.Number, state.Head.Number, 1 << 20))
        {
            if (piece.Offset == 0)
                hasher.Begin(previous, piece.Number, piece.Size);
            hasher.Add(piece.Bytes.Span);
        }
        if (hasher.End() != recorded)
        {
            throw new SeguroException(
                ErrorCode.Diverged,
                $"event {state.Head.Number} in the pier {_files.Path} is not the one that Seguro recorded",
                "Events were replaced behind Seguro's back: restore the pier from a store or from another member.");
        }
    }

    /// <summary>The chain that is recorded for an event.</summary>
    public Chain? ReadChain(EventNumber number) => NewRows().ChainOf(number);

    /// <summary>The rows of events, as they are and as they become.</summary>
    public LmdbRows NewRows() => new(_files);

    /// <summary>The end of the log as it is recorded in the newest epoch; <see langword="null"/> where it is not.</summary>
    public LmdbTail? ReadTail() => LmdbRows.ReadTail(_files.Newest);

    /// <summary>The pieces of events that are in the files; ends before the first that is missing.</summary>
    public IEnumerable<PierPiece> ReadPieces(EventNumber from, EventNumber to, int largestPiece)
    {
        foreach (PierEpoch epoch in _files.Epochs)
        {
            bool isNewest = epoch == _files.Newest;
            ulong first = Math.Max(from.Value, epoch.Start + 1);
            ulong last = isNewest ? to.Value : Math.Min(to.Value, epoch.Info.Last.Value);
            if (first > last)
                continue;
            using IEnumerator<PierPiece> pieces = epoch.NewReader().ReadPieces(first, last, largestPiece).GetEnumerator();
            while (MoveNext(pieces))
                yield return pieces.Current;
        }
    }

    /// <summary>How many bytes the payloads of events have together.</summary>
    public long SumSizes(EventNumber from, EventNumber to) => _files.Epochs.Sum(epoch =>
    {
        ulong first = Math.Max(from.Value, epoch.Start + 1);
        ulong last = epoch == _files.Newest ? to.Value : Math.Min(to.Value, epoch.Info.Last.Value);
        return first > last ? 0 : epoch.NewReader().SumSizes(first, last);
    });

    /// <summary>The pier's identity as a store; <see langword="null"/> where it has none yet.</summary>
    public StoreIdentity? ReadIdentity() => ReadRecord(LmdbRecords.Identity) is { } bytes ? StoreIdentity.Read(bytes, _files.Path) : null;

    /// <summary>All metadata: vere's own as META has it, and what Seguro added.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadMetadata()
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(StringComparer.Ordinal);
        _files.Newest.NewReader().ReadTable(PierMeta.Table, (meta, page) =>
        {
            metadata.Clear();
            foreach (string key in VereKeys)
            {
                if (meta?.Get(Encoding.ASCII.GetBytes(key), page, PierMeta.LargestValue) is { } value)
                    metadata[key] = value;
            }
        });
        foreach (PierEpoch epoch in _files.Epochs.Reverse())
        {
            bool isHere = false;
            epoch.NewReader().ReadTable(PierMeta.Table, (meta, page) => isHere = ReadOwn(meta, page, metadata));
            if (isHere)
                break;
        }
        return metadata;
    }

    public void Dispose() => _files.Dispose();

    private static bool ReadOwn(LmdbTree? meta, LmdbPage page, Dictionary<string, ReadOnlyMemory<byte>> metadata)
    {
        if (meta?.Get(Encoding.ASCII.GetBytes(LmdbRecords.Schema), page, LargestRecord) is null)
            return false;
        foreach (string key in meta.FindKeys(LmdbRecords.Metadata, page))
            metadata[key[LmdbRecords.Metadata.Length..]] = meta.Get(Encoding.ASCII.GetBytes(key), page, LargestRecord);
        return true;
    }

    private static bool MoveNext(IEnumerator<PierPiece> pieces)
    {
        try
        {
            return pieces.MoveNext();
        }
        catch (SeguroException missing) when (missing.Code is ErrorCode.Gap)
        {
            return false;
        }
    }

    private Ship ReadShip()
    {
        if (ReadRecord(LmdbRecords.Ship) is { } name)
            return Ship.Parse(Encoding.UTF8.GetString(name));
        return ShipName.ToShip(_files.ReadIdentity().Who);
    }

    private LogState? ReadRecords()
    {
        foreach (PierEpoch epoch in _files.Epochs.Reverse())
        {
            LogState? state = null;
            epoch.NewReader().ReadTable(PierMeta.Table, LmdbTail.Name, LmdbTail.LargestSize, (meta, page, tail) =>
                state = LmdbRecords.Read(epoch.File.Path, key => meta?.Get(Encoding.ASCII.GetBytes(key), page, LargestRecord), () => tail));
            if (state is not null)
                return state;
        }
        return null;
    }

    private byte[]? ReadRecord(string key)
    {
        foreach (PierEpoch epoch in _files.Epochs.Reverse())
        {
            if (epoch.ReadMeta(key, LargestRecord) is { } value)
                return value;
        }
        return null;
    }

    /// <summary>The state after somebody removed the last events, as one does before an old master rejoins (vere-facts.md §6.5).</summary>
    private LogState CutBack(LogState state, EventNumber last)
    {
        if (last <= state.Base.Number)
            return state with { Head = new Head(state.Head.Term, state.Base.Number, state.Base.Chain), Bytes = 0 };
        Chain chain = ReadChain(last) ?? throw new SeguroException(
            ErrorCode.Corrupt,
            $"the pier {_files.Path} ends at event {last}, before the head that Seguro recorded, {state.Head.Number}, and has no chain there",
            "Restore the pier from a store or from another member.");
        return state with { Head = state.Head with { Number = last, Chain = chain }, Bytes = SumSizes(state.First, last) };
    }

    private LogState GoOn(LogState state, EventNumber last, Action<EventNumber, Chain, Term>? found)
    {
        if (state.Head.Number >= last)
            return state;
        using ChainHasher hasher = new();
        foreach (PierPiece piece in ReadPieces(state.Head.Number.Next, last, 1 << 20))
        {
            if (piece.Offset == 0)
            {
                ForeignFormat.RefuseByEvent(_files.Path, piece.Number, piece.Bytes.Span); // a vere wrote it, not a client of this store
                hasher.Begin(state.Head.Chain, piece.Number, piece.Size);
            }
            hasher.Add(piece.Bytes.Span);
            if (!piece.IsLast)
                continue;
            state = state with { Head = state.Head with { Number = piece.Number, Chain = hasher.End() }, Bytes = state.Bytes + piece.Size };
            found?.Invoke(state.Head.Number, state.Head.Chain, state.Head.Term);
        }
        return state.Head.Number == last ? state : throw PierFault.Gap(_files.Path, state.Head.Number.Next, last);
    }
}
