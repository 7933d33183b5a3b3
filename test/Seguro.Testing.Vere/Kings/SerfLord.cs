using System.Diagnostics;
using System.Globalization;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>The king's end of protocol 1 (vere-facts.md §5b): it has lock and log, stamps ova, commits what comes of them, and lets effects go once their event is durable.</summary>
sealed class SerfLord(King king, KingOptions options) : Lord(king, options)
{
    private static readonly UInt128 Tick = UInt128.One << 48;
    private readonly object _gate = new();
    private readonly Queue<Noun> _stamped = [];
    private readonly Queue<(ulong Number, KingOvum Ovum, Noun Effects)> _gifts = [];
    private UInt128 _next;
    private VerePier? _pier;
    private EventCommits? _commits;
    private Timer? _timer;
    private ulong _computed;
    private bool _wantsSave;
    private bool _isSaving;
    private bool _wantsExit;

    /// <inheritdoc/>
    public override bool HasRoom => base.HasRoom && !_wantsSave && !_wantsExit;

    /// <inheritdoc/>
    protected override VereProtocol Protocol => VereProtocol.One;

    private bool IsSettled
    {
        get
        {
            lock (_gate)
                return Outstanding == 0 && _commits!.Done == _computed;
        }
    }

    /// <inheritdoc/>
    public override void Start() => _ = StartAsync();

    /// <summary>Those that leave together have the clock's time, and 1/65536 s more each.</summary>
    public override void BeginBatch() => _next = DateAtom.Stamp(DateTimeOffset.UtcNow);

    /// <inheritdoc/>
    public override void Exit()
    {
        _wantsExit = true;
        if (_commits is null)
            base.Exit();
        else
            Settle();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _timer?.Dispose();
        _pier?.Dispose();
    }

    /// <inheritdoc/>
    protected override VereTask PokeTask(KingOvum ovum)
    {
        Atom stamp = Atom.Of(_next);
        _next += Tick;
        _stamped.Enqueue(new Cell(stamp, ovum.Ovum));
        return new VereTask.Work(0, stamp, ovum.Ovum);
    }

    /// <inheritdoc/>
    protected override void Ripe(VereGift.Ripe ripe)
    {
        if (ripe.Number.Value != _pier!.Head)
        {
            King.Bail($"pier: serf at {ripe.Number}, log at {_pier.Head}");
            return;
        }
        _computed = _pier.Head;
        _commits = new EventCommits(_pier, _gate, () => _ = King.PostAsync(Committed).AsTask());
        TimeSpan between = TimeSpan.FromMinutes(Options.SnapMinutes);
        _timer = new Timer(_ => { _ = King.PostAsync(Save).AsTask(); }, null, between, between);
        King.Ripe(ripe.Number.Value, _pier.Identity.Who, _pier.Identity.IsFake);
    }

    /// <inheritdoc/>
    protected override void Poked(KingOvum ovum, VereGift gift)
    {
        Noun made = _stamped.Dequeue();
        switch (gift)
        {
            case VereGift.Worked worked:
                Log(worked.Number.Value, worked.Mug, made, ovum, worked.Effects);
                break;
            case VereGift.Swapped swapped:
                Log(swapped.Number.Value, swapped.Mug, swapped.Job, ovum, swapped.Effects);
                break;
            default:
                ovum.Failed?.Invoke(((VereGift.PokeFailed)gift).Goofs);
                break;
        }
    }

    /// <inheritdoc/>
    protected override void Settle()
    {
        if (_commits is null || _isSaving || !(_wantsSave || _wantsExit) || !IsSettled)
            return;
        // At a barrier: nothing is computed that is not in the log.
        _isSaving = true;
        Live(Cell.Of("save", _computed), (_, _) =>
        {
            _isSaving = _wantsSave = false;
            if (_wantsExit)
                base.Exit();
        });
    }

    private void Save()
    {
        _wantsSave = true;
        Settle();
    }

    private void Log(ulong number, uint mug, Noun made, KingOvum ovum, Noun effects)
    {
        if (number != _computed + 1)
        {
            King.Bail($"pier: serf computed {number} after {_computed}");
            return;
        }
        _computed = number;
        _gifts.Enqueue((number, ovum, effects));
        byte[] payload = WorkWorker.Payload(mug, made);
        lock (_gate)
            _commits!.Plan(payload);
    }

    private void Committed()
    {
        string? failure;
        ulong done;
        lock (_gate)
            (failure, done) = (_commits!.Failure, _commits.Done);
        if (failure is not null)
        {
            King.Bail(failure);
            return;
        }
        while (_gifts.TryPeek(out (ulong Number, KingOvum Ovum, Noun Effects) gift) && gift.Number <= done)
        {
            _gifts.Dequeue();
            King.Release(gift.Ovum, gift.Effects);
        }
        Settle();
        King.Spin();
    }

    // Another process replays what the snapshot lacks, before this one takes the lock.
    private async Task StartAsync()
    {
        try
        {
            string loom = Options.Loom.ToString(CultureInfo.InvariantCulture);
            ProcessStartInfo start = new(Program, ["play", "--watch-replay", "--loom", loom, "--replay-to", "0", "--snap-at", "0", Options.Pier]) { RedirectStandardInput = true, UseShellExecute = false };
            using Process play = Process.Start(start)!;
            await play.WaitForExitAsync();
            if (play.ExitCode != 0)
            {
                await King.PostAsync(() => King.Bail("king: play failed"));
                return;
            }
            await King.PostAsync(Begin);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            await King.PostAsync(() => King.Bail($"king: {Program}: {error.Message}"));
        }
    }

    private void Begin()
    {
        try
        {
            _pier = VerePier.Open(Options.Pier, Options.MapSize);
            Spawn(["serf", Options.Pier, "0:0:0:0", "128", "50000", Options.Loom.ToString(CultureInfo.InvariantCulture), "0", "0", "0", "0"]);
        }
        catch (VereExit error)
        {
            King.Bail(error.Message);
        }
    }
}
