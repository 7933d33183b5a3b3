using Microsoft.Extensions.Logging;
using Seguro.Core;
using Seguro.Files;
using Seguro.Node.Admin;
using Seguro.Node.Configuration;
using Seguro.Node.Links;
using Seguro.Node.Members;
using Seguro.Piers.LocalLogs;

namespace Seguro.Node.Ships;

/// <summary>A ship on a node, for as long as the node holds it: its member is started, watched, and started again.</summary>
/// <remarks>
/// A member whose own log is damaged begins anew with a new one. One that fails otherwise ends the node where that has no other ship; among many it is shown as failed, and is
/// started again after a pause that doubles. For any thread, but <see cref="Start"/>.
/// </remarks>
sealed class HostedShip : IAsyncDisposable
{
    /// <summary>How often a member starts anew by itself with a new log: a disk that damages one after the other needs a person.</summary>
    private const int MostRepairs = 3;

    private const int Refused = 3; // the exit code of what protects a ship
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongRun = TimeSpan.FromMinutes(10);

    private readonly NodeConfiguration _configuration;
    private readonly NodeParts _node;
    private readonly StartGate _gate;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private volatile ShipMember? _member;
    private volatile SeguroException? _failure;
    private int _failures;
    private int _isDisposed;

    /// <summary>Makes one; <see cref="Start"/> begins.</summary>
    public HostedShip(NodeConfiguration configuration, NodeParts node, StartGate gate, ILogger log, TimeProvider time)
    {
        _configuration = configuration;
        _node = node;
        _gate = gate;
        _log = log;
        _time = time;
        Actions = new AdminActions(
            () => _member?.MemberStatus ?? ShipMember.StatusBefore(configuration),
            (wish, token) => _member?.Host?.AskAsync(wish, token) ?? throw Starting(),
            () => Status,
            name => _member?.Links is { } links && (links.Asking.Contains(name) || links.Linked.Contains(name)),
            (to, path, body, token) => _member?.Links is { } links
                ? links.CommandAsync(to, path, body, AdminActions.Patience + TimeSpan.FromSeconds(5), token)
                : throw Starting(),
            () => _member?.Host);
    }

    /// <summary>What can be asked of its member.</summary>
    public AdminActions Actions { get; }

    /// <summary>Ends when it was told to; where the node has no other ship, faults with what its member could not go on for.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>How its member stands.</summary>
    public StatusReport Status => (_member is { } member
        ? member.Status
        : StatusReport.Of(ShipMember.StatusBefore(_configuration), _configuration.Ship.Name, _configuration.ShownStore, "", [], []) with { Role = "starting" })
        is var report && _failure is { } failure
        ? report with { Role = "failed", Stopped = $"{failure.Message} ({failure.CodeText}). {failure.NextStep}" }
        : report;

    /// <summary>The same in a line.</summary>
    public string Line => _failure is { } failure ? $"failed: {failure.Message}" : _member?.Line ?? "starting";

    /// <summary>The same in a few fields.</summary>
    public ShipReport Report => ShipReport.Of(Status, _configuration.Number, _configuration.Udp?.ToString(), Volatile.Read(ref _failures));

    /// <summary>What changed in the ship's cluster, as its member saw it.</summary>
    public IReadOnlyList<HistoryEntry> History => _member?.Host?.History ?? [];

    /// <summary>For how long its member has taken nothing in, where it should have; <see langword="null"/> where it has not started.</summary>
    public TimeSpan? SilentFor => _member?.Host?.SilentFor;

    /// <summary>Begins.</summary>
    /// <param name="before">When this has ended: an earlier member of the same ship, with the same folder.</param>
    public void Start(Task before) => Running = Task.Run(
        async () =>
        {
            await before;
            await RunAsync(_stop.Token);
        },
        CancellationToken.None);

    /// <summary>Ends its member cleanly. What made it fail is not thrown: <see cref="Running"/> has it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static SeguroException Starting() => new(ErrorCode.StoreUnavailable, "this member is starting", "Wait a moment and repeat.");

    private async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan pause = FirstPause;
        for (int repairs = 0; !cancel.IsCancellationRequested;)
        {
            long began = _time.GetTimestamp();
            try
            {
                await LiveAsync(cancel);
                return;
            }
            catch (DamagedLogException damage) when (repairs < MostRepairs && DamageMark.Read(_configuration.Folder) is not null)
            {
                repairs++;
                _log.LogError("This member's own log is damaged: {Damage}.", damage.Message);
                _log.LogWarning("The member starts again, and makes itself a new log from the cluster.");
            }
            catch (Exception failed) when (_configuration.HoldsMany)
            {
                if (_time.GetElapsedTime(began) > LongRun)
                    (pause, repairs) = (FirstPause, 0);
                SeguroException failure = failed is IOException or UnauthorizedAccessException ? FileFault.Writing(_configuration.Folder, failed) : Fault.Of($"the member of {_configuration.Ship}", failed);
                // What is refused stays so until somebody does something.
                if (failure.ExitCode == Refused)
                    pause = LongestPause;
                _failure = failure;
                Interlocked.Increment(ref _failures);
                _log.LogError("The member failed: {What} ({Code}). {NextStep} It is started again in {Pause} s.", failure.Message, failure.CodeText, failure.NextStep, pause.TotalSeconds);
                await Task.Delay(pause, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>One life of the member. Returns when it was told to end, and has.</summary>
    private async Task LiveAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(_configuration.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using ShipMember member = new(_configuration, _node, Actions, _log);
        _member = member;
        try
        {
            await _gate.StartAsync(() => member.StartAsync(cancel), cancel);
            _failure = null;
            await member.RunAsync(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await member.EndAsync();
        }
        finally
        {
            _member = null;
        }
    }
}
