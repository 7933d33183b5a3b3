using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Vere.Running;

namespace Seguro.Node.Members;

/// <summary>A ship that runs on a stock vere, in this member's own pier: on the master the whole of it, under the gate; on a replica now and then its replay.</summary>
/// <remarks>Safe for any thread. The pier is lent to one of the two at a time (<see cref="LocalLog.LendAsync"/>).</remarks>
sealed class OwnShip : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly MemberHostOptions _options;
    private readonly VereOptions _vere;
    private readonly LocalLog _local;
    private readonly Action<MemberInput> _post;
    private readonly string _folder;
    private readonly Lock _gate = new();
    private CancellationTokenSource _replaying = new();
    private VereRun? _run;
    private Task _running = Task.CompletedTask;
    private EventNumber _committed;
    private EventNumber _replayed;

    public OwnShip(MemberHostOptions options, VereOptions vere, LocalLog local, string folder, Action<MemberInput> post)
    {
        _options = options;
        _vere = vere;
        _local = local;
        _folder = folder;
        _post = post;
        Recorded = new RecordedShip(local, ReplayAsync);
    }

    /// <summary>The ship as Core knows it.</summary>
    public RecordedShip Recorded { get; }

    /// <summary>What a replica has done with the events, for people.</summary>
    public string Level => _replayed == EventNumber.None ? "recorded" : string.Create(CultureInfo.InvariantCulture, $"replayed to {_replayed}");

    /// <summary>The run that is under way, or the last one.</summary>
    public Task Running => _running;

    /// <summary>Lets the ship run until something ends it. The answer is given in any case.</summary>
    /// <param name="run">What is wanted.</param>
    /// <param name="recorded">What the member knows for certain is on its disk: nothing is begun before.</param>
    /// <param name="tenure">Cancelled when the mastership is over.</param>
    public async Task<MemberInput> RunAsync(MemberOutput.RunShip run, Task recorded, CancellationToken tenure)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _running = done.Task;
        try
        {
            await recorded;
            string reason = tenure.IsCancellationRequested ? "it is master no longer" : await RunLentAsync(run.Head.Number, tenure);
            Recorded.StandAtEnd();
            _options.Log.LogInformation("The ship ended at event {Number}: {Reason}.", _local.Head.Number, reason);
            return new MemberInput.ShipEnded(_local.Head, reason);
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>The gate is open up to an event.</summary>
    public void Release(EventNumber through) => Current?.Release(through);

    /// <summary>The store has all up to an event.</summary>
    public void Commit(EventNumber through)
    {
        if (through == _committed)
            return;
        _committed = through;
        Current?.Commit(through);
    }

    /// <summary>Asks vere for a snapshot. False where it does not run.</summary>
    public bool Save()
    {
        if (Current is not { } run)
            return false;
        run.Save();
        return true;
    }

    /// <summary>Asks the ship to end in peace.</summary>
    public void End() => Current?.End();

    /// <summary>This member stands for mastership: a replay would keep the pier from it.</summary>
    public void StopReplay()
    {
        lock (_gate)
        {
            _replaying.Cancel();
            _replaying = new CancellationTokenSource();
        }
    }

    /// <summary>Nothing runs any more.</summary>
    public void Dispose() => _replaying.Dispose();

    private VereRun? Current => Volatile.Read(ref _run);

    private async Task<string> RunLentAsync(EventNumber head, CancellationToken tenure)
    {
        StopReplay();
        await _local.LendAsync(CancellationToken.None);
        try
        {
            using VereRun run = new(new VereRunOptions
            {
                Pier = Path.GetFullPath(_options.Pier),
                Folder = _folder,
                Binary = _vere.Binary,
                Arguments = _vere.Arguments,
                Seguro = _vere.Seguro,
                Head = head,
                Made = events => _post(new MemberInput.Made([.. events.Select(Told)])),
                Notice = text => _options.Log.LogInformation("{Notice}", text),
                Patience = Patience,
            });
            Volatile.Write(ref _run, run);
            try
            {
                await using (tenure.Register(run.Kill))
                    return await run.RunAsync();
            }
            finally
            {
                Volatile.Write(ref _run, null);
            }
        }
        catch (SeguroException failed)
        {
            return $"{failed.Message} ({failed.CodeText}). {failed.NextStep}";
        }
        finally
        {
            await _local.TakeBackAsync();
        }
    }

    /// <summary>What waits for the gate is with the relay; Core needs to know only that something does.</summary>
    private static Computation.Accepted Told(PierEvent made) => new(
        made.Number, made.Payload, BinaryPrimitives.ReadUInt32LittleEndian(made.Payload.Span), [new Effect(made.Number, 0, ReadOnlyMemory<byte>.Empty)]);

    private async Task ReplayAsync(CancellationToken cancel)
    {
        if (!_vere.Replays || Current is not null)
            return;
        CancellationToken stop;
        lock (_gate)
            stop = _replaying.Token;
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop);
        await _local.LendAsync(both.Token);
        try
        {
            EventNumber head = _local.Head.Number;
            int code = await PlayAsync(both.Token);
            if (both.IsCancellationRequested)
                return;
            if (code == 0)
                _replayed = head;
            else
                _options.Log.LogWarning("vere can't compute the log up to event {Head} again: `urbit play` ended with exit code {Code}; see vere.log in {Folder}. The events are kept all the same.", head, code, _folder);
        }
        finally
        {
            await _local.TakeBackAsync();
        }
    }

    private async Task<int> PlayAsync(CancellationToken cancel)
    {
        using PrintLog prints = new(_folder);
        ChildProcess play = await ChildProcess.StartAsync("urbit play", "nice", ["-n", "10", _vere.Binary, "play", Path.GetFullPath(_options.Pier)]);
        Task printing = Task.WhenAll(prints.TakeAsync(play.Output), prints.TakeAsync(play.Error));
        int code;
        await using (cancel.Register(play.Kill))
            code = await play.Exited;
        await printing;
        return code;
    }
}
