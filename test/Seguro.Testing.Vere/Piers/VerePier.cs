using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Files;
using Seguro.Piers;

namespace Seguro.Testing.Vere;

/// <summary>A pier as its owner has it: the worker from 4.0 on, the king before. Lock, epochs and META as vere-facts.md §1.2, §1.3, §2.</summary>
/// <remarks>Opening takes the lock, and may delete an unfinished epoch, as vere does. One thread at a time, but for <see cref="Commit"/>, which has a thread of its own.</remarks>
sealed class VerePier : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly PierLock _lock;
    private readonly string _log;
    private readonly long _mapSize;
    private VereEnvironment? _environment;

    private VerePier(string path, PierLock held, PierIdentity identity, long mapSize)
    {
        Path = path;
        _lock = held;
        _log = PierFiles.LogOf(path);
        Identity = identity;
        _mapSize = mapSize;
    }

    /// <summary>The pier's folder.</summary>
    public string Path { get; }

    /// <summary>Whose it is.</summary>
    public PierIdentity Identity { get; }

    /// <summary>The number of the newest epoch.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>The last event of the log.</summary>
    public ulong Head { get; private set; }

    /// <summary>The epochs, by their numbers.</summary>
    public IEnumerable<ulong> Epochs => EpochFormat.FindEpochs(_log).Select(static found => found.Start);

    /// <summary>The newest epoch's folder.</summary>
    public string EpochFolder => System.IO.Path.Combine(_log, $"0i{Epoch}");

    /// <summary>Was the newest epoch made by a vere before 4.0, and is this one later?</summary>
    public bool IsOld { get; private set; }

    /// <summary>Which runtime made the newest epoch; <see langword="null"/> where that can't be read.</summary>
    public string? EpochVersion => ReadText(System.IO.Path.Combine(EpochFolder, "vere.txt"));

    /// <summary>Opens a pier.</summary>
    /// <exception cref="VereExit">vere would end.</exception>
    public static VerePier Open(string path, long mapSize)
    {
        if (!PierFiles.Exists(path))
            throw VereExit.Failed($"disk: failed to load log in {path}");
        PierLock held = Take(path);
        try
        {
            string log = PierFiles.LogOf(path);
            PierIdentity identity;
            using (PierEpoch top = PierEpoch.OpenFlat(log))
            {
                ulong version = top.ReadMeta(PierMeta.Version) is { } value ? (ulong)PierMeta.Decode(value)!.Value : 0;
                if (version != 3)
                    throw VereExit.Failed($"disk: failed to load: unknown log version: {version}");
                identity = PierMeta.Decode(log, name => top.ReadMeta(name));
            }
            VerePier pier = new(path, held, identity, mapSize);
            pier.OpenNewest();
            return pier;
        }
        catch (SeguroException error)
        {
            held.Dispose();
            throw VereExit.Failed($"disk: {error.Message}");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Makes a new pier with an empty epoch 0.</summary>
    /// <exception cref="VereExit">It is there already.</exception>
    public static VerePier Create(string path, PierIdentity identity, long mapSize)
    {
        if (Directory.Exists(path))
            throw VereExit.Failed($"boot: pier {path} already exists");
        foreach (string folder in (string[])["", ".urb", ".urb/put", ".urb/get", ".urb/chk", ".urb/log"])
            Directory.CreateDirectory(System.IO.Path.Combine(path, folder), Private);
        PierLock held = Take(path);
        VerePier pier = new(path, held, identity, mapSize);
        using (VereEnvironment top = new(pier._log, mapSize))
            pier.WriteMeta(top);
        pier.Begin(0);
        return pier;
    }

    /// <summary>An event's bytes.</summary>
    /// <exception cref="VereExit">It is missing.</exception>
    public byte[] Read(ulong number)
    {
        using LmdbTransaction transaction = _environment!.Begin();
        return transaction.Get(transaction.Table(PierMeta.Events, integerKeys: true), number) ?? throw VereExit.Failed($"disk: ({number}): read fail");
    }

    /// <summary>Adds events after the last one, in one transaction; durable on return.</summary>
    /// <exception cref="VereExit">One is there already, or LMDB refuses.</exception>
    public void Commit(ulong first, IReadOnlyList<byte[]> payloads)
    {
        ulong number = first;
        try
        {
            using LmdbTransaction transaction = _environment!.Begin();
            uint events = transaction.Table(PierMeta.Events, integerKeys: true);
            foreach (byte[] payload in payloads)
                transaction.Append(events, number++, payload);
            transaction.Commit();
            Head = number - 1;
        }
        catch (SeguroException)
        {
            throw VereExit.Failed($"lmdb: write failed on event {number - 1}");
        }
    }

    /// <summary>Begins an epoch after the last event: a copy of the snapshot, which must be of that event, and an empty log.</summary>
    public void Roll()
    {
        ulong before = Epoch;
        _environment?.Dispose();
        _environment = null;
        Begin(Head);
        Console.Error.WriteLine($"disk: created epoch {Head} (after {before})");
    }

    /// <summary>Deletes all epochs but the newest two.</summary>
    public void Chop()
    {
        foreach ((ulong start, string folder) in EpochFormat.FindEpochs(_log).SkipLast(2))
        {
            Directory.Delete(folder, recursive: true);
            Console.Error.WriteLine($"chop: deleted epoch 0i{start}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _environment?.Dispose();
        _lock.Dispose();
    }

    private static PierLock Take(string path)
    {
        try
        {
            return PierLock.Take(path);
        }
        catch (SeguroException error) when (error.Code is ErrorCode.PierLocked)
        {
            // vere sends itself a SIGTERM.
            throw new VereExit(143, $"pier: locked by PID {PierLock.Inspect(path).ProcessId}");
        }
    }

    private void OpenNewest()
    {
        List<(ulong Start, string Folder)> found = EpochFormat.FindEpochs(_log);
        if (found.Count == 0)
            throw VereExit.Failed("disk: no epochs");
        for (int attempt = 0; ; attempt++)
        {
            (Epoch, string folder) = found[^1];
            string? format = ReadText(System.IO.Path.Combine(folder, "epoc.txt"));
            if (format is not null && File.Exists(LmdbEnvironment.FileOf(folder)))
            {
                if (format != StandInVersion.EpochFormat && !(format == "1" && !StandInVersion.IsThree))
                    throw VereExit.Failed($"disk: unknown epoch version: '{format}', expected '{StandInVersion.EpochFormat}'");
                IsOld = format != StandInVersion.EpochFormat;
                using PierEpoch epoch = PierEpoch.OpenFlat(folder);
                (ulong First, ulong Last)? ends = epoch.NewReader().FindEnds();
                if (ends is not null || epoch.ReadMeta(PierMeta.Who) is not null)
                {
                    Head = ends?.Last ?? Epoch;
                    _environment = new VereEnvironment(folder, _mapSize);
                    return;
                }
            }
            // Never finished: away with it, once.
            if (attempt == 1 || found.Count == 1)
                throw VereExit.Failed($"disk: epoch {Epoch} is void");
            Console.Error.WriteLine($"disk: deleting epoch {Epoch}, which was never finished");
            Directory.Delete(folder, recursive: true);
            found.RemoveAt(found.Count - 1);
        }
    }

    private void Begin(ulong start)
    {
        string folder = System.IO.Path.Combine(_log, string.Create(CultureInfo.InvariantCulture, $"0i{start}"));
        Directory.CreateDirectory(folder, Private);
        if (start > 0)
            PierImage.Copy(PierImage.FolderOf(Path), folder);
        WriteText(System.IO.Path.Combine(folder, "epoc.txt"), StandInVersion.EpochFormat);
        WriteText(System.IO.Path.Combine(folder, "vere.txt"), StandInVersion.Text);
        FolderSync.Flush(folder);
        (Epoch, IsOld) = (start, false);
        _environment = new VereEnvironment(folder, _mapSize);
        WriteMeta(_environment);
        FolderSync.Flush(folder);
    }

    private void WriteMeta(VereEnvironment environment)
    {
        using LmdbTransaction transaction = environment.Begin();
        uint meta = transaction.Table(PierMeta.Table, integerKeys: false);
        transaction.Put(meta, PierMeta.Version, PierMeta.Encode(3));
        foreach ((string name, byte[] value) in PierMeta.Encode(Identity))
            transaction.Put(meta, name, value);
        transaction.Commit();
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void WriteText(string path, string text)
    {
        using (FileStream file = new(path + ".tmp", FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
