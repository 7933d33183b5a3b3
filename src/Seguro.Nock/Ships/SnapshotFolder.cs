using System.Globalization;
using Seguro.Core;
using Seguro.Files;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>A ship's snapshots: files <c>event-00000000000000000599.snapshot</c>, of which the newest two good ones are kept. One call at a time.</summary>
sealed class SnapshotFolder
{
    private const string Prefix = "event-";
    private const string Suffix = ".snapshot";
    private const string Aside = ".tmp";
    private readonly NockShipOptions _options;

    public SnapshotFolder(NockShipOptions options)
    {
        _options = options;
        try
        {
            Directory.CreateDirectory(options.Folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failed(error);
        }
    }

    /// <summary>Writes one aside, reads it back, gives it its name, and drops what is not needed any more.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>: there is no new one; the others are there still.</exception>
    public void Write(SnapshotFile snapshot, CancellationToken cancel)
    {
        string path = PathOf(snapshot.Position.Number);
        try
        {
            try
            {
                snapshot.Write(path + Aside, cancel);
                File.Move(path + Aside, path, overwrite: true);
                FolderSync.Flush(_options.Folder);
            }
            catch
            {
                File.Delete(path + Aside);
                throw;
            }
            DropOthers(snapshot.Position.Number, cancel);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failed(error);
        }
    }

    /// <summary>The newest good snapshot that is not above the number, or the exported state where that is newer, or the beginning.</summary>
    /// <exception cref="SeguroException">The folder can't be read; or the exported state can't, or is none.</exception>
    public (Position Position, ShipState State, NockMachine Machine) Restore(EventNumber atMost, CancellationToken cancel)
    {
        ExportedState? start = _options.Start is { } state && state.Position.Number <= atMost ? state : null;
        try
        {
            foreach ((EventNumber number, string path) in List().Where(entry => entry.Number <= atMost && !(entry.Number < start?.Position.Number)))
            {
                cancel.ThrowIfCancellationRequested();
                NockMachine machine = new(_options.Machine);
                try
                {
                    SnapshotFile snapshot = SnapshotFile.Read(path, _options.Life, machine);
                    if (snapshot.Position.Number == number)
                        return (snapshot.Position, snapshot.State, machine);
                    _options.Report?.Invoke($"The snapshot {path} is passed over: it is of event {snapshot.Position.Number}.");
                }
                catch (SeguroException error) when (error.Code is ErrorCode.Corrupt)
                {
                    PassOver(path, error.Message);
                }
                catch (Exception error) when (error is SeguroException or IOException or UnauthorizedAccessException)
                {
                    _options.Report?.Invoke($"The snapshot {path} is passed over: {error.Message}.");
                }
            }
            NockMachine fresh = new(_options.Machine);
            if (start is null)
                return (Position.Origin, ShipState.Origin, fresh);
            ArvoKernel kernel = ArvoKernel.Restore(fresh, Cue.From(File.ReadAllBytes(start.File)));
            return (start.Position, new ShipState(start.Position.Number, kernel, kernel.Core, 0), fresh);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Failed(error);
        }
    }

    // What lies above belongs to a history that was left; below, the newest good one stays.
    private void DropOthers(EventNumber newest, CancellationToken cancel)
    {
        foreach (string leftover in Directory.EnumerateFiles(_options.Folder, Prefix + "*" + Suffix + Aside))
            File.Delete(leftover);
        bool kept = false;
        foreach ((EventNumber number, string path) in List())
        {
            if (number == newest)
                continue;
            if (number < newest && !kept)
            {
                kept = SnapshotFile.IsWhole(path, cancel);
                if (kept)
                    continue;
                PassOver(path, "its hash is not that of its bytes");
                if (_options.Damaged is not null)
                    continue;
            }
            File.Delete(path);
        }
    }

    private void PassOver(string path, string why)
    {
        string where = _options.Damaged?.Invoke(path, why) is { } aside ? $" It lies in {aside}." : "";
        _options.Report?.Invoke($"The snapshot {path} is damaged and is passed over: {why}.{where}");
    }

    // The newest first.
    private IEnumerable<(EventNumber Number, string Path)> List() => Directory.EnumerateFiles(_options.Folder, Prefix + "*" + Suffix)
        .Select(path => (
            Read: ulong.TryParse(Path.GetFileName(path)[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number),
            Number: new EventNumber(number), Path: path))
        .Where(entry => entry.Read)
        .OrderByDescending(entry => entry.Number)
        .Select(entry => (entry.Number, entry.Path))
        .ToList();

    private string PathOf(EventNumber number) => Path.Combine(_options.Folder, $"{Prefix}{number.Value:d20}{Suffix}");

    private SeguroException Failed(Exception error) => FullDisk.IsCauseOf(error)
        ? new SeguroException(ErrorCode.DiskFull, $"the disk of {_options.Folder} is full", "Make room; the snapshots that were there are kept.", error)
        : new SeguroException(ErrorCode.FileAccess, $"the snapshots in {_options.Folder} can't be read or written: {error.Message}", "Check the folder's permissions and the disk.", error);
}
