using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;

namespace Seguro.Harbor.Writing;

/// <summary>One ship's folder at one target, for the host: finds where it ends, and makes segments that follow. The host can't read what it wrote.</summary>
/// <remarks>Not for two threads at a time. Several writers of one folder share the work: a segment's name can be made once, and who comes second goes on after it.</remarks>
internal sealed class HarborWriter
{
    private readonly HostKey _host;
    private readonly BackupOptions _options;

    public HarborWriter(IHarborTarget target, HostKey host, Ship ship, BackupOptions options)
    {
        _host = host;
        _options = options;
        Ship = ship;
        Folder = new HarborFolder(target, ObjectName.Folder(host.Signer.PublicKey, ship), options.Time);
    }

    public Ship Ship { get; }

    public HarborFolder Folder { get; }

    public long Segments { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Where the folder ends; <see langword="null"/> where it has no segment. Sees to it that it says whose it is.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HarborIncomplete"/>: its newest object can't be read; what the target throws.</exception>
    public async Task<Position?> FindEndAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        FolderIndex index = await Folder.ReadIndexAsync(cancel);
        if (!index.HasShip)
            await PutFileAsync(ObjectName.Ship, ManifestKind.Ship, EventNumber.None, new MemoryStream(System.Text.Encoding.ASCII.GetBytes(ShipText.Write(Ship, metadata))), cancel);
        if (index.Path.Count == 0)
            return null;
        try
        {
            return (await Folder.ReadManifestAsync(index.Path[^1].Name, _host.Signer.PublicKey, cancel)).End;
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            throw new SeguroException(
                ErrorCode.HarborIncomplete, $"{Folder.Target.Name}: the newest segment, {index.Path[^1].Name}, is damaged ({bad.Message}), so it can't be told where to go on",
                "Repair it with `seguro harbor verify --repair`, or delete that object: it is then written again.", bad);
        }
    }

    /// <summary>Appends the events after <paramref name="reached"/>, up to a state's head.</summary>
    /// <returns>How far the folder goes now; further than asked, or less far, where another writer came first.</returns>
    /// <exception cref="SeguroException">What log and target throw; what was made before stays.</exception>
    public async Task<Position> AppendAsync(EventLog log, LogState state, Position reached, Action<Position> tell, CancellationToken cancel)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<Position?> putting = Task.FromResult<Position?>(null);
        SegmentDraft draft = new(reached, 0);
        try
        {
            await foreach (EventFragment piece in log.StreamAsync(state, reached.Number.Next, state.Head.Number, ended.Token))
            {
                if (piece.Offset == 0)
                {
                    if (!draft.IsEmpty && draft.Bytes + piece.Size > _options.SegmentBytes)
                    {
                        if (await putting is { } other)
                            return other;
                        putting = SealAndPutAsync(draft, tell, ended.Token);
                        draft = new SegmentDraft(draft.End, Math.Min(_options.SegmentBytes, state.Bytes));
                    }
                    if (draft.IsEmpty && piece.Size > _options.SegmentBytes)
                    {
                        draft.Dispose();
                        draft = new SegmentDraft(new Position(piece.Number.Previous, draft.End.Chain), piece.Size);
                    }
                    draft.Begin(piece.Number, piece.Size);
                }
                draft.Add(piece.Bytes.Span);
                if (piece.IsLast)
                    draft.EndEvent(piece.Number, piece.Chain);
            }
            if (await putting is { } before)
                return before;
            Position end = draft.End;
            if (draft.IsEmpty)
                return end;
            putting = SealAndPutAsync(draft, tell, ended.Token);
            draft = new SegmentDraft(end, 0);
            return await putting ?? end;
        }
        finally
        {
            draft.Dispose();
            await ended.CancelAsync();
            await ((Task)putting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Puts a file of a snapshot. Where it is there already, nothing happens.</summary>
    public async Task<bool> PutFileAsync(string name, ManifestKind kind, EventNumber number, Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        Chain hash = new(await System.Security.Cryptography.SHA256.HashDataAsync(content, cancel));
        await using Stream sealedBytes = SealedObject.Seal(_host, Folder.Id, new Manifest(kind, number, number, Chain.Zero, hash, _options.Time.GetUtcNow()), content);
        return await Folder.PutAsync(name, sealedBytes, cancel);
    }

    /// <summary>Puts a draft under a name that it takes over: the draft's owner goes on owning it.</summary>
    public async Task<bool> PutAsync(string name, SegmentDraft draft, CancellationToken cancel)
    {
        await using Stream sealedBytes = await Task.Run(() => SealedObject.Seal(_host, Folder.Id, draft.Describe(_options.Time.GetUtcNow()), draft.Content), cancel);
        bool isMade = await Folder.PutAsync(name, sealedBytes, cancel);
        if (isMade)
            (Segments, Bytes) = (Segments + 1, Bytes + sealedBytes.Length);
        return isMade;
    }

    private async Task<Position?> SealAndPutAsync(SegmentDraft draft, Action<Position> tell, CancellationToken cancel)
    {
        using (draft)
        {
            string name = ObjectName.Segment(draft.Describe(default).First);
            if (!await PutAsync(name, draft, cancel))
                return (await Folder.ReadManifestAsync(name, _host.Signer.PublicKey, cancel)).End;
            tell(draft.End);
            return null;
        }
    }
}
