using Seguro.Core;

namespace Seguro.Piers.Store;

// The records of a pier that somebody else has written to: Seguro's own over what vere wrote, and vere's own at the top.
sealed partial class LmdbWriter
{
    private const int RowsTogether = 10_000;

    /// <summary>Makes the records of a pier that only vere has written so far, or brings them up to what it wrote since, or to the newest version of them.</summary>
    private void Adopt()
    {
        List<(EventNumber Number, Chain Chain, Term Term)> rows = [];
        LogState state = _view.ReadState((number, chain, term) =>
        {
            rows.Add((number, chain, term));
            if (rows.Count == RowsTogether)
                WriteRows(rows);
        });
        WriteRows(rows);
        LmdbTail? recorded = _view.ReadTail();
        if (recorded is not null && recorded.Head == state.Head && recorded.Bytes == state.Bytes)
        {
            _tail = recorded;
            _committed = new Committed(state);
        }
        else
        {
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = _view.ReadMetadata();
            _tail = LmdbTail.Of(state);
            Write(state, (transaction, meta) => WriteAll(transaction, meta, state, metadata, recorded));
        }
        _view.CheckHead(State);
        CopyIdentityUp();
    }

    /// <summary>Writes all records anew, but for the rows, which go where they belong from the tail that was.</summary>
    private void WriteAll(
        LmdbTransaction transaction, uint meta, LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, LmdbTail? before)
    {
        transaction.Put(meta, LmdbRecords.Ship, System.Text.Encoding.UTF8.GetBytes(_view.Ship.Name));
        foreach ((string key, byte[] value) in LmdbRecords.Write(state))
            transaction.Put(meta, key, value);
        // An older epoch, which may have it, can be chopped off by vere.
        if (_view.ReadIdentity() is { } identity)
            transaction.Put(meta, LmdbRecords.Identity, identity.ToArray());
        transaction.Delete(meta, LmdbRecords.OldHead);
        foreach ((string key, ReadOnlyMemory<byte> value) in metadata)
        {
            if (key is not (MetadataKey.Who or MetadataKey.Fake or MetadataKey.Life))
                transaction.Put(meta, LmdbRecords.Metadata + key, value.Span);
        }
        uint table = transaction.Table(LmdbRecords.Table, integerKeys: true);
        _view.Files.Newest.NewReader(LmdbRecords.Table).CheckLeaves(Math.Min(before?.First ?? ulong.MaxValue, state.Head.Number.Value + 1), ulong.MaxValue);
        before?.MoveRows(transaction, table);
        transaction.DeleteFrom(table, state.Head.Number.Value + 1);
        transaction.Put(transaction.MainTable(), LmdbTail.Name, _tail.Span);
    }

    private void WriteRows(List<(EventNumber Number, Chain Chain, Term Term)> rows)
    {
        if (rows.Count == 0)
            return;
        Write(State, (transaction, _) =>
        {
            uint table = transaction.Table(LmdbRecords.Table, integerKeys: true);
            _view.Files.Newest.NewReader(LmdbRecords.Table).CheckLeaves(rows[0].Number.Value, ulong.MaxValue);
            Span<byte> row = stackalloc byte[LmdbRecords.RowSize];
            foreach ((EventNumber number, Chain chain, Term term) in rows)
            {
                LmdbRecords.WriteRow(row, chain, term);
                transaction.Put(table, number.Value, row);
            }
        });
        rows.Clear();
    }

    /// <summary>vere keeps its own values at the top too; a crash between the two, or a change, is made good here.</summary>
    private void CopyIdentityUp()
    {
        string log = PierFiles.LogOf(_view.Files.Path);
        if (_view.Files.MetaVersion == 1)
            return;
        List<(string Key, byte[] Value)> missing = [];
        string file = LmdbEnvironment.FileOf(log);
        using (PierEpoch? top = File.Exists(file) ? PierEpoch.OpenFlat(log) : null)
        {
            if (top is null)
                return; // vere 3 makes it anew
            foreach (string key in new[] { PierMeta.Who, PierMeta.Fake, PierMeta.Life })
            {
                byte[]? here = _view.Files.Newest.ReadMeta(key);
                if (here is not null && !(top.ReadMeta(key) is { } above && above.AsSpan().SequenceEqual(here)))
                    missing.Add((key, here));
            }
            if (missing.Count == 0)
                return;
            LmdbAudit.Check(top.File, top.File.ReadSnapshot(), new EventSurvey(file, 0));
        }
        using LmdbEnvironment environment = LmdbEnvironment.Open(log, isAside: false);
        using LmdbTransaction transaction = environment.Begin();
        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
        foreach ((string key, byte[] value) in missing)
            transaction.Put(meta, key, value);
        transaction.Commit();
    }
}
