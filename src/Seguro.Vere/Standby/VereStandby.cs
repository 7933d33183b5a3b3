using System.Buffers.Binary;
using System.Globalization;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Vere.Protocol;
using Seguro.Vere.Running;
using Seguro.Vere.Steering;

namespace Seguro.Vere.Standby;

/// <summary>
/// A stock worker that follows a log on a replica: it is given each event's ovum while its clock shows the event's time, and writes the event itself into its own pier (vere-facts.md §13.4). A king
/// waits beside it, so that at a takeover the two only have to be introduced.
/// </summary>
/// <remarks>
/// <para>
/// Durability: when <see cref="FeedAsync"/> answers <see cref="FeedFault.None"/>, the event is in the pier, flushed by the worker, and its bytes, the
/// mug of the ship's state among them, are the log's.
/// </para>
/// <para>After any other answer the worker must be ended; the pier may have an event of its own then, which is to be compared.</para>
/// <para>Memory of this process: the event, its noun, and the event as the pier has it. All members may be called from any thread; what they do is done one after the other.</para>
/// </remarks>
public sealed class VereStandby : IAsyncDisposable
{
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TurnPatience = TimeSpan.FromSeconds(2);

    private readonly VereRunOptions _options;
    private readonly PrintLog _prints;
    private readonly ChildProcess _worker;
    private readonly GiftHeads _gifts;
    private readonly SteeredClock _clock;
    private readonly Pier _pier;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private WaitingKing? _king;
    private VereGift.Ripe _ripe;
    private bool _isHanded;
    private bool _isUnread; // somebody gave up waiting for an answer: who reads next would get it

    private VereStandby(VereRunOptions options, PrintLog prints, ChildProcess worker, GiftHeads gifts, SteeredClock clock, VereGift.Ripe ripe, WaitingKing? king)
    {
        _options = options;
        _prints = prints;
        _worker = worker;
        _gifts = gifts;
        _clock = clock;
        _ripe = ripe;
        _king = king;
        _pier = Pier.Follow(options.Pier);
    }

    /// <summary>The last event that the worker has.</summary>
    public EventNumber Number => _ripe.Number;

    /// <summary>Ends when the worker does.</summary>
    public Task Ended => _worker.Exited;

    /// <summary>The worker's number as a process.</summary>
    public int ProcessId => _worker.Id;

    /// <summary>Does a king wait?</summary>
    public bool HasKing => _king is { Process.Exited.IsCompleted: false };

    /// <summary>Bytes of memory that worker and king have resident; 0 where it can't be told.</summary>
    public long Memory => MemoryOf(_worker.Id) + (_king is { } king ? MemoryOf(king.Process.Id) : 0);

    /// <summary>Starts a king and a worker, lets the worker replay what its snapshot lacks, and takes its clock.</summary>
    /// <param name="options">The run that they may once become. Nobody else writes to the pier from now on.</param>
    /// <param name="keepsKing">Is the king kept waiting? It says how its worker is started, so one is started in any case.</param>
    /// <param name="patience">How long king and worker may take to come up; no process is left where they take longer.</param>
    /// <param name="cancel">Ends it; no process is left then.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotSteerable"/>: the worker's clock can't be steered here; <see cref="ErrorCode.StandbyFailed"/>: king or worker did not come up, not in time
    /// (<see cref="TimeoutException"/> is the cause then), or the worker stands elsewhere than the log ends.
    /// </exception>
    public static async Task<VereStandby> StartAsync(VereRunOptions options, bool keepsKing, TimeSpan patience, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            return await StartAsync(options, keepsKing, limit.Token);
        }
        catch (OperationCanceledException late) when (!cancel.IsCancellationRequested)
        {
            throw Failed(
                string.Create(CultureInfo.InvariantCulture, $"it had not come up after {patience.TotalSeconds:0} s: it computes what its snapshot lacks, or it hangs"), new TimeoutException(late.Message, late));
        }
    }

    private static async Task<VereStandby> StartAsync(VereRunOptions options, bool keepsKing, CancellationToken cancel)
    {
        PrintLog prints = new(options.Folder);
        WaitingKing? king = null;
        ChildProcess? worker = null;
        try
        {
            king = await WaitingKing.StartAsync(options, prints, cancel);
            worker = await ChildProcess.StartAsync("the worker", options.Binary, king.Arguments.Write());
            _ = prints.TakeAsync(worker.Error);
            GiftHeads gifts = new(worker.Output);
            VereGift.Ripe ripe = await RipenAsync(gifts, cancel);
            if (ripe.Number != options.Head)
                throw Failed($"the worker stands at event {ripe.Number}, and the log ends at {options.Head}");
            if (SteeredClock.Take(worker.Id, new SteeredTime(DateTimeOffset.UtcNow.ToUnixTimeSeconds(), 0), out string why) is not { } clock)
                throw new SeguroException(ErrorCode.NotSteerable, $"the clock of the worker can't be steered here: {why}", "The replica goes on one level below; vere:replicas says which levels there are.");
            if (!keepsKing)
            {
                await king.SendAwayAsync(EndPatience);
                king = null;
            }
            return new VereStandby(options, prints, worker, gifts, clock, ripe, king);
        }
        catch (Exception failed)
        {
            if (worker is not null)
                await worker.EndAsync(TimeSpan.Zero);
            if (king is not null)
            {
                await king.Process.EndAsync(TimeSpan.Zero);
                await king.DisposeAsync();
            }
            prints.Dispose();
            if (failed is EndOfStreamException or IOException)
                throw Failed("the worker ended", failed);
            if (failed is SeguroException { Code: not (ErrorCode.NotSteerable or ErrorCode.StandbyFailed) } error)
                throw Failed(error.Message, error);
            throw;
        }
    }

    /// <summary>Lets the worker compute the log's next event, and compares what it wrote.</summary>
    /// <param name="number">Its number: the one after <see cref="Number"/>.</param>
    /// <param name="payload">The event as it is in the log.</param>
    /// <param name="patience">How long the worker may take.</param>
    /// <param name="cancel">Ends the wait: as <see cref="FeedFault.Late"/>.</param>
    public async Task<FeedFault> FeedAsync(EventNumber number, ReadOnlyMemory<byte> payload, TimeSpan patience, CancellationToken cancel)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            if (_isUnread)
                return FeedFault.Late;
            if (number != Number.Next || _isHanded)
                throw new InvalidOperationException($"The worker stands at event {Number}, and was given {number}.");
            if (Read(payload) is not (Cell ovum, SteeredTime time))
                return FeedFault.NoClock;
            using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(patience);
            _clock.Set(time);
            byte[] frame = Newt.Frame(new VereTask.Poke(0, ovum).ToNoun());
            await TellAsync(frame, limit.Token);
            if (await _gifts.ReadAsync(wasToSave: false, limit.Token) is not { } gift)
                return FeedFault.Gone;
            // Committed before it is answered (vere-facts.md §5a); of an event that it could not compute nothing is.
            return IsComputed(gift.Head) ? Compare(number, payload.Span) : FeedFault.Differs;
        }
        catch (OperationCanceledException)
        {
            _isUnread = true;
            return FeedFault.Late;
        }
        catch (Exception gone) when (gone is IOException or SeguroException)
        {
            return FeedFault.Gone;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lets the worker write a snapshot of where it stands.</summary>
    /// <param name="isSafe">Asked, when nothing is under way: is everything up to that event committed, so that no snapshot is ever of what may be taken back?</param>
    /// <param name="cancel">Ends the wait; the worker is to be ended then.</param>
    /// <returns>The event that it is of; <see langword="null"/> where none was written.</returns>
    public async Task<EventNumber?> SaveAsync(Func<EventNumber, Task<bool>> isSafe, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(isSafe);
        await _turn.WaitAsync(cancel);
        try
        {
            if (_isHanded || !await isSafe(Number))
                return null;
            await TellAsync(Newt.Frame(VereTask.Sync.Save.ToNoun()), cancel);
            return await _gifts.ReadAsync(wasToSave: true, cancel) is { } gift && GiftHeads.TagOf(gift.Head) == Tags.Sync ? Number : null;
        }
        catch (OperationCanceledException)
        {
            _isUnread = true;
            throw;
        }
        catch (Exception gone) when (gone is IOException or SeguroException)
        {
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Gives worker and king away, with true time.</summary>
    /// <returns>The two; <see langword="null"/> where the worker's clock could not be given back, or it is gone: both are ended then.</returns>
    public async Task<HandedShip?> HandOverAsync()
    {
        // A takeover does not wait for a snapshot that is being written: a new worker is quicker.
        if (!await _turn.WaitAsync(TurnPatience))
        {
            await EndAsync(isPeaceful: false);
            return null;
        }
        try
        {
            if (_isUnread || _isHanded || _worker.Exited.IsCompleted || !_clock.GiveBack())
                return null;
            _isHanded = true;
            WaitingKing? king = _king;
            _king = null;
            if (king is { Process.Exited.IsCompleted: true })
            {
                await king.DisposeAsync();
                king = null;
            }
            return new HandedShip(_worker, _ripe, king, _prints);
        }
        finally
        {
            _turn.Release();
            if (_isHanded)
                await DisposeAsync();
            else
                await EndAsync(isPeaceful: false);
        }
    }

    /// <summary>
    /// Ends the worker, which did not answer about an event, or ended: it may have written that event before. Then <see cref="EndAsync"/>.
    /// </summary>
    /// <returns>True where it wrote another one than the log's, with the log's time.</returns>
    public async Task<bool> HasWrittenOtherwiseAsync(EventNumber number, ReadOnlyMemory<byte> payload)
    {
        if (_isHanded)
            return false;
        await _worker.EndAsync(TimeSpan.Zero);
        try
        {
            return _pier.Read(number, number).Any(made => !made.Payload.Span.SequenceEqual(payload.Span) && HasTimeOf(made.Payload.Span, payload.Span));
        }
        catch (SeguroException)
        {
            return false; // there is no such event, or none that can be read: the pier is put right by whoever takes it back
        }
    }

    /// <summary>Ends worker and king.</summary>
    /// <param name="isPeaceful">May the worker write a snapshot as it ends? All that it has must be committed.</param>
    public async Task EndAsync(bool isPeaceful)
    {
        if (_isHanded)
            return;
        if (isPeaceful && await _turn.WaitAsync(EndPatience))
        {
            try
            {
                await TellAsync(Newt.Frame(new VereTask.Exit(VereProtocol.Two, 0).ToNoun()), CancellationToken.None);
                await _worker.EndAsync(EndPatience);
            }
            catch (IOException)
            {
                // It is gone.
            }
            finally
            {
                _turn.Release();
            }
        }
        await _worker.EndAsync(TimeSpan.Zero);
        if (_king is { } king)
        {
            _king = null;
            await king.SendAwayAsync(EndPatience);
        }
        await DisposeAsync();
    }

    /// <summary>Closes what this process has open; <see cref="EndAsync"/> or <see cref="HandOverAsync"/> comes first.</summary>
    public ValueTask DisposeAsync()
    {
        _clock.Dispose();
        _pier.Dispose();
        if (!_isHanded)
            _prints.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<VereGift.Ripe> RipenAsync(GiftHeads gifts, CancellationToken cancel)
    {
        (byte[] head, bool isWhole) = await gifts.ReadAsync(wasToSave: false, cancel) ?? throw Failed("the worker ended before it had computed its log");
        return isWhole && VereGift.Read(Cue.From(head), VereProtocol.Two) is VereGift.Ripe ripe ? ripe : throw Failed("the worker's first word is not %ripe");
    }

    private static (Cell Ovum, SteeredTime Time)? Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return payload.Length > sizeof(uint) && Cue.From(payload.Span[sizeof(uint)..]) is Cell { Tail: Cell ovum } made && SteeredTime.TryFrom(made, out SteeredTime time)
                ? (ovum, time)
                : null;
        }
        catch (SeguroException)
        {
            return null; // no noun
        }
    }

    /// <summary>Writes a frame. A write to a pipe can't be ended: after a cancellation it goes on until the worker is ended.</summary>
    private Task TellAsync(byte[] frame, CancellationToken cancel)
    {
        return WriteAsync().WaitAsync(cancel);

        async Task WriteAsync()
        {
            await _worker.Input.WriteAsync(frame, CancellationToken.None);
            await _worker.Input.FlushAsync(CancellationToken.None);
        }
    }

    private static bool IsComputed(ReadOnlySpan<byte> head)
    {
        Span<ulong> atoms = stackalloc ulong[2];
        return JamHead.Read(head, atoms) == 2 && atoms[0] == Tags.Poke && atoms[1] == 0;
    }

    private FeedFault Compare(EventNumber number, ReadOnlySpan<byte> expected)
    {
        ReadOnlyMemory<byte>? written = null;
        foreach (PierEvent made in _pier.Read(number, number))
            written = made.Payload;
        if (written is not { } bytes)
            return FeedFault.Differs;
        if (!bytes.Span.SequenceEqual(expected))
            return HasTimeOf(bytes.Span, expected) ? FeedFault.Differs : FeedFault.ClockUnheeded;
        _ripe = _ripe with { Number = number, Mug = BinaryPrimitives.ReadUInt32LittleEndian(expected) };
        return FeedFault.None;
    }

    private static bool HasTimeOf(ReadOnlySpan<byte> written, ReadOnlySpan<byte> expected) =>
        Cue.From(written[sizeof(uint)..]) is Cell one && Cue.From(expected[sizeof(uint)..]) is Cell other && one.Head.Equals(other.Head);

    private static long MemoryOf(int process)
    {
        try
        {
            string? line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/status")).FirstOrDefault(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is not null && long.TryParse(line["VmRSS:".Length..^"kB".Length].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes << 10 : 0;
        }
        catch (IOException)
        {
            return 0; // it is gone
        }
    }

    private static SeguroException Failed(string what, Exception? cause = null) => new(ErrorCode.StandbyFailed, $"a worker can't stand by: {what}", "See vere.log in the member's folder; the replica goes on one level below.", cause);
}
