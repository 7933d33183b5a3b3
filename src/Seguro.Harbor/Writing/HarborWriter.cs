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

    public NSec.Cryptography.PublicKey Signer => _host.Signer.PublicKey;

    public long Segments { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Where the folder ends, <see langword="null"/> where it has no segment, and what is in it. Sees to it that it says whose it is.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.HarborIncomplete"/>: its newest object can't be read; what the target throws.</exception>
    public async Task<(Position? End, FolderIndex Index)> FindEndAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        FolderIndex index = await Folder.ReadIndexAsync(cancel);
        if (!index.HasShip)
            await PutFileAsync(ObjectName.Ship, ManifestKind.Ship, EventNumber.None, new MemoryStream(System.Text.Encoding.ASCII.GetBytes(ShipText.Write(Ship, metadata))), cancel);
        if (index.Path.Count == 0)
            return (null, index);
        try
        {
            return ((await Folder.ReadManifestAsync(index.Path[^1].Name, Signer, cancel)).End, index);
        }
        catch (SeguroException bad) when (HarborReader.IsDamage(bad))
        {
            throw new SeguroException(
                ErrorCode.HarborIncomplete, $"{Folder.Target.Name}: the newest segment, {index.Path[^1].Name}, is damaged ({bad.Message}), so it can't be told where to go on",
                "Repair it with `seguro harbor verify --repair`, or delete that object: it is then written again.", bad);
        }
    }

    /// <summary>Appends the events after <paramref name="reached"/>, up to a state's head.</summary>
    /// <remarks>
    /// Three things go on at once: events are read and hashed, the segment before them is compressed and encrypted, and the one before that is put,
    /// whose disk or network leaves the processor alone.
    /// </remarks>
    /// <returns>How far the folder goes now; further than asked, or less far, where another writer came first.</returns>
    /// <exception cref="SeguroException">What log and target throw; what was made before stays.</exception>
    public async Task<Position> AppendAsync(EventLog log, LogState state, Position reached, Action<Position> tell, CancellationToken cancel)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<Position?> putting = Task.FromResult<Position?>(null);
        Task<SealedSegment>? sealing = null;
        ScratchPool pool = new();
        SegmentDraft draft = new(reached, 0, pool);
        try
        {
            await foreach (EventFragment piece in log.StreamAsync(state, reached.Number.Next, state.Head.Number, ended.Token))
            {
                if (piece.Offset == 0)
                {
                    if (!draft.IsEmpty && draft.Bytes + piece.Size > _options.SegmentBytes)
                    {
                        if (await PutSealedAsync() is { } other)
                            return other;
                        sealing = SealAsync(draft, pool, ended.Token);
                        draft = new SegmentDraft(draft.End, Math.Min(_options.SegmentBytes, state.Bytes), pool);
                    }
                    if (draft.IsEmpty && piece.Size > _options.SegmentBytes)
                    {
                        draft.Dispose();
                        draft = new SegmentDraft(new Position(piece.Number.Previous, draft.End.Chain), piece.Size, pool);
                    }
                    draft.Begin(piece.Number, piece.Size);
                }
                draft.Add(piece.Bytes.Span);
                if (piece.IsLast)
                    draft.EndEvent(piece.Number, piece.Chain);
            }
            Position end = draft.End;
            if (await PutSealedAsync() is { } before)
                return before;
            if (!draft.IsEmpty)
            {
                sealing = SealAsync(draft, pool, ended.Token);
                draft = new SegmentDraft(end, 0, pool);
                if (await PutSealedAsync() is { } another)
                    return another;
            }
            return await putting ?? end;
        }
        finally
        {
            draft.Dispose();
            await ended.CancelAsync();
            await ((Task)putting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (sealing is not null)
            {
                await ((Task)sealing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (sealing.IsCompletedSuccessfully)
                    await (await sealing).DisposeAsync();
            }
        }

        // One after the other: where a put fails, nothing that follows it is there.
        async Task<Position?> PutSealedAsync()
        {
            if (sealing is null)
                return await putting;
            SealedSegment made = await sealing;
            sealing = null;
            Task<Position?> before = putting;
            putting = Task.FromResult<Position?>(null);
            Position? other;
            try
            {
                other = await before;
            }
            catch
            {
                await made.DisposeAsync();
                throw;
            }
            if (other is null)
                putting = PutAsync(made, tell, ended.Token);
            else
                await made.DisposeAsync();
            return other;
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

    /// <summary>Puts an object that says what it has to say by its name. Where it is there already, nothing happens.</summary>
    public Task<bool> PutNoteAsync(string name, CancellationToken cancel) => Folder.PutAsync(name, new MemoryStream(), cancel);

    /// <summary>Puts a segment that was made of others. Where it is there already, nothing happens.</summary>
    public async Task<bool> PutMergedAsync(string name, Manifest manifest, Stream records, CancellationToken cancel)
    {
        await using Stream sealedBytes = await Task.Run(() => SealedObject.Seal(_host, Folder.Id, manifest, records), cancel);
        return await PutAsync(name, sealedBytes, cancel);
    }

    private async Task<bool> PutAsync(string name, Stream sealedBytes, CancellationToken cancel)
    {
        bool isMade = await Folder.PutAsync(name, sealedBytes, cancel);
        if (isMade)
            (Segments, Bytes) = (Segments + 1, Bytes + sealedBytes.Length);
        return isMade;
    }

    /// <summary>Compresses and encrypts a draft, and disposes of it.</summary>
    private async Task<SealedSegment> SealAsync(SegmentDraft draft, ScratchPool pool, CancellationToken cancel)
    {
        using (draft)
        {
            Manifest manifest = draft.Describe(_options.Time.GetUtcNow());
            return new SealedSegment(manifest, await Task.Run(() => SealedObject.Seal(_host, Folder.Id, manifest, draft.Content, pool), cancel));
        }
    }

    /// <summary>Puts what was sealed; says where the folder ends where another writer came first.</summary>
    private async Task<Position?> PutAsync(SealedSegment made, Action<Position> tell, CancellationToken cancel)
    {
        await Task.Yield(); // also where a target works without waiting
        await using (made)
        {
            string name = ObjectName.Segment(made.Manifest.First);
            if (!await PutAsync(name, made.Content, cancel))
                return (await Folder.ReadManifestAsync(name, Signer, cancel)).End;
            tell(made.Manifest.End);
            return null;
        }
    }

    /// <summary>A segment that can be put.</summary>
    private sealed record SealedSegment(Manifest Manifest, Stream Content) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Content.DisposeAsync();
    }
}
