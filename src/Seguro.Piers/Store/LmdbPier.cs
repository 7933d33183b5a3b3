using Seguro.Core;

namespace Seguro.Piers.Store;

/// <summary>A pier that clients of this process share: a process may open an LMDB environment only once, and vere's lock is a process's too.</summary>
/// <remarks>Reads go by the files until the first write, which takes the pier's lock and keeps it until the last client is gone.</remarks>
sealed class LmdbPier : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, LmdbPier> Shared = new(StringComparer.Ordinal);
    private readonly Lock _viewGate = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _clients;
    private readonly List<LmdbView> _views = []; // old ones too, which a reader may still use
    private LmdbView? _view;
    private volatile LmdbWriter? _writer;

    private LmdbPier(string path) => Path = path;

    public string Path { get; }

    public AppendSignal Signal { get; } = new();

    /// <summary>There is a pier's log.</summary>
    public bool Exists => PierFiles.Exists(Path);

    /// <summary>The one object for a path in this process.</summary>
    public static LmdbPier Enter(string path)
    {
        lock (Gate)
        {
            string key = Canonical(path);
            if (!Shared.TryGetValue(key, out LmdbPier? pier))
                Shared.Add(key, pier = new LmdbPier(key));
            pier._clients++;
            return pier;
        }
    }

    /// <summary>A client leaves; the last one closes everything.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (--_clients > 0)
                return;
            Shared.Remove(Path);
            _turn.Wait(); // a write that is under way ends first; those in line find that nobody is left
            _writer?.Dispose();
            foreach (LmdbView view in _views)
                view.Dispose();
            _turn.Release();
        }
    }

    /// <summary>The files: the writer's, where this process writes.</summary>
    public LmdbView View()
    {
        if (_writer is { IsBroken: false } writer)
            return writer.View;
        lock (_viewGate)
        {
            if (_view is null || _view.Files.IsOutdated)
                _view = Keep(LmdbView.Open(Path, isLive: true));
            return _view;
        }
    }

    /// <summary>Everything that is committed.</summary>
    public LogState ReadState() => _writer is { IsBroken: false } writer ? writer.State : View().ReadState();

    /// <summary>Waits for the turn to write, and opens the writer where it is not open. Whoever got it calls <see cref="Leave"/>.</summary>
    /// <remarks>
    /// Without LMDB's own locks (<see cref="LmdbEnvironment"/>) a transaction belongs to no thread, so it runs on the caller's: handing a commit to another
    /// thread and its outcome back cost more than what Seguro adds to the commit itself.
    /// </remarks>
    public async ValueTask<LmdbWriter> EnterAsync(CancellationToken cancel)
    {
        await TakeTurnAsync(cancel);
        try
        {
            if (_writer is { IsBroken: false } ready)
                return ready;
            return await Task.Run(OpenWriter, CancellationToken.None);
        }
        catch
        {
            Leave();
            throw;
        }
    }

    /// <summary>Gives the turn to the next.</summary>
    public void Leave() => _turn.Release();

    /// <summary>Does something with the writer, when its turn comes.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<LmdbWriter, T> write, CancellationToken cancel)
    {
        LmdbWriter writer = await EnterAsync(cancel);
        try
        {
            return write(writer);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Does something in turn without the pier: making it.</summary>
    public async ValueTask<T> MakeAsync<T>(Func<T> make, CancellationToken cancel)
    {
        await TakeTurnAsync(cancel);
        try
        {
            return await Task.Run(make, CancellationToken.None);
        }
        finally
        {
            Leave();
        }
    }

    private async ValueTask TakeTurnAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        if (Volatile.Read(ref _clients) > 0)
            return;
        Leave();
        throw new ObjectDisposedException(nameof(LmdbStore));
    }

    private LmdbWriter OpenWriter()
    {
        if (_writer is { } broken)
        {
            _writer = null;
            broken.Dispose();
        }
        return _writer = LmdbWriter.Open(Path, Keep);
    }

    private LmdbView Keep(LmdbView view)
    {
        lock (_views)
            _views.Add(view);
        return view;
    }

    private static string Canonical(string path)
    {
        string full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (Directory.Exists(full))
            return LibC.RealPath(full);
        string? above = System.IO.Path.GetDirectoryName(full);
        return above is not null && Directory.Exists(above) ? System.IO.Path.Combine(LibC.RealPath(above), System.IO.Path.GetFileName(full)) : full;
    }
}
