using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;

namespace Seguro.Vere.Mirror;

/// <summary>The pier's side of a mirror: opens it, notices that another lies in its place, and looks how far it goes. Takes no lock and writes nothing.</summary>
/// <remarks>Not for two threads at a time.</remarks>
internal sealed class MirrorSource : IDisposable
{
    private readonly MirrorOptions _options;
    private readonly PierWatch _watch;
    private Pier? _pier;
    private Anchor? _anchor;
    private string? _silent;
    private long _comparedAt;

    /// <summary>Opens the pier for the first time.</summary>
    /// <exception cref="SeguroException">What <see cref="Pier.Open(string, PierAccess, EvidenceKinds)"/> throws; <see cref="ErrorCode.ForeignShip"/>.</exception>
    public MirrorSource(MirrorOptions options)
    {
        _options = options;
        _watch = new PierWatch(options.Time);
        try
        {
            Reopen();
            Ship = ShipName.ToShip(Pier.Info.Identity.Who);
            if (options.Ship is { } wanted && wanted != Ship)
                throw MirrorFault.Foreign(Pier.Info.Path, Ship, wanted);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whose pier it was when it was opened first.</summary>
    public Ship Ship { get; }

    /// <summary>The pier as it was last opened.</summary>
    public Pier Pier => _pier ?? throw new InvalidOperationException("The pier is not open.");

    /// <summary>The pier is to be opened anew. Looked at when a notification says that files came or went, and at intervals.</summary>
    public bool IsReplaced
    {
        get
        {
            if (_pier is null)
                return true;
            if (!_watch.TakeChange() && _options.Time.GetElapsedTime(_comparedAt) < _options.LookEvery)
                return false;
            _comparedAt = _options.Time.GetTimestamp();
            return _pier.IsReplaced;
        }
    }

    /// <summary>Why notifications do not come; <see langword="null"/> where they do.</summary>
    public string? WithoutNotifications => _silent;

    /// <summary>Opens what lies at the path now.</summary>
    /// <exception cref="SeguroException">As the constructor; nothing is open then.</exception>
    public void Reopen()
    {
        _anchor = null;
        _comparedAt = _options.Time.GetTimestamp();
        _pier?.Dispose();
        _pier = null;
        _silent = !_options.Watches ? null : _watch.Point(Path.Combine(_options.Pier, ".urb", "log")); // first: what comes while it is opened is not missed
        _pier = Pier.Follow(_options.Pier, _options.Despite);
    }

    /// <summary>The last event that is committed now, after a look at whether the pier still has what was copied.</summary>
    /// <param name="log">For messages.</param>
    /// <param name="head">The last event that was copied.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.WentBack"/>, <see cref="ErrorCode.Diverged"/>; what the pier throws.</exception>
    public EventNumber Look(EventLog log, EventNumber head)
    {
        EventNumber last = Pier.ReadLast();
        if (last < head)
            throw MirrorFault.WentBack(Pier.Info.Path, last, log, head);
        if (_anchor is { } anchor && Anchor.At(Pier, anchor.Number) is { } now && now != anchor)
            throw MirrorFault.Diverged(Pier.Info.Path, log, $"the pier has another event {anchor.Number} than it had");
        return last;
    }

    /// <summary>The last event that may be copied: one that is on the disk for certain. A busy ship's comes by itself, a transaction behind; else the disk is waited for.</summary>
    /// <param name="last">The last that is committed.</param>
    /// <param name="head">The last event that was copied.</param>
    /// <exception cref="SeguroException">What the pier throws.</exception>
    public EventNumber Settle(EventNumber last, EventNumber head)
    {
        EventNumber settled = Pier.ReadSettledLast();
        if (settled > head)
            return settled < last ? settled : last;
        Pier.Settle();
        return last;
    }

    /// <summary>Remembers the event up to which both are the same.</summary>
    public void Hold(EventNumber head) => _anchor = Anchor.At(Pier, head);

    /// <summary>Who holds the pier; nobody where that can't be told.</summary>
    public PierHold FindHolder()
    {
        try
        {
            return Pier.FindHolder(_options.Pier);
        }
        catch (Exception unknown) when (unknown is SeguroException or IOException)
        {
            return PierHold.Free;
        }
    }

    /// <summary>Waits until something was written to the log, or for so long.</summary>
    public Task WaitAsync(TimeSpan most, CancellationToken cancel) => _watch.WaitAsync(most, cancel);

    /// <inheritdoc cref="PierWatch.TakeSignal"/>
    public long? TakeSignal() => _watch.TakeSignal();

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _pier?.Dispose();
        _pier = null;
    }
}
