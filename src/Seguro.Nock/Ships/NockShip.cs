using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Ships;

/// <summary>A ship whose kernel runs on the Nock machine of this process: any kernel with Arvo's interface (vere-facts.md §4.2).</summary>
/// <remarks>
/// <para>The first events of the log, as many as <see cref="NockShipOptions.Life"/> says, are formulas; they arrive by <see cref="ApplyAsync"/>, and with the last of them
/// the kernel comes to be. It begins before event 1; <see cref="RestoreAsync"/> brings it to its newest snapshot, or to an exported state.</para>
/// <para>Ova that crash become <c>%crud</c> events as in vere (vere-facts.md §5a, Semantics). Time: an event is stamped with the ovum's, but at least 1/65536 s after the
/// event before it, whoever made that: a new master whose clock is behind does not turn time back.</para>
/// <para>Threading: one call at a time; only <see cref="SnapshotAsync"/> takes what it needs at once and lets other calls go on while it writes. Computing happens on the
/// caller's thread and ends before the call returns, since most events take microseconds; cancellation is looked at every 65,536 calls of Nock.</para>
/// <para>Durability: only snapshots are on disk; <see cref="SnapshotFile"/> says how.</para>
/// </remarks>
public sealed class NockShip : IShip
{
    private static readonly Noun ArvoWire = Cell.Of(0, "arvo", 0);
    private static readonly Atom CrudTag = Cord.Of("crud");
    private static readonly Noun AmesVersion = new Cell(Cell.Of(0, 0), Cell.Of(1, "once", "ax", 0, NounList.Path("protocol", "version")));
    private const int LongestTrace = 1000;
    private static readonly UInt128 Tick = UInt128.One << 48;

    private readonly NockShipOptions _options;
    private readonly SnapshotFolder _snapshots;
    private readonly SemaphoreSlim _disk = new(1);
    private ShipState _state = ShipState.Origin;
    private NockMachine _machine;
    private Noun? _mook;

    /// <summary>Makes a ship before event 1.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: the folder can't be made.</exception>
    public NockShip(NockShipOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Life, 1);
        _options = options;
        _snapshots = new SnapshotFolder(options);
        _machine = new NockMachine(options.Machine);
    }

    /// <inheritdoc/>
    public EventNumber Number => _state.Number;

    /// <inheritdoc/>
    public uint Mug => _state.Mug;

    /// <summary>The kernel's whole state; null before the boot's end.</summary>
    public Noun? Core => _state.Kernel is null ? null : _state.Core;

    /// <summary>Asks the kernel (vere-facts.md §4.2); changes nothing.</summary>
    /// <param name="sample"><c>[gang request]</c>.</param>
    /// <param name="cancel">Interrupts the computation.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Crashed"/>: it crashed, or there is no kernel yet.</exception>
    public Noun Peek(Noun sample, CancellationToken cancel)
    {
        ArvoKernel kernel = _state.Kernel ?? throw new SeguroException(ErrorCode.Crashed, "the ship has not booted: there is nobody to ask", $"Apply its first {_options.Life} events.");
        (_machine.MaxCalls, _machine.MaxHeap) = (_options.MaxCalls, _options.MaxHeap);
        return kernel.Peek(sample, cancel);
    }

    /// <summary>The kernel's version of the older network protocol (scry <c>%ax //protocol/version</c>, vere-facts.md §7.1); <see langword="null"/> where it does not say.</summary>
    public uint? AskAmesVersion(CancellationToken cancel)
    {
        try
        {
            // [~ %omen beam %noun version]
            Noun answer = Peek(AmesVersion, cancel);
            return Axis.At(answer, 30) == "noun" && Axis.At(answer, 31) is Atom version && version.TryGet(out ulong number) && number <= uint.MaxValue ? (uint)number : null;
        }
        catch (SeguroException error) when (error.Code is ErrorCode.Crashed)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public ValueTask<Computation> PokeAsync(Ovum ovum, long largest, CancellationToken cancel)
    {
        try
        {
            return new(Poke(ovum, largest, cancel));
        }
        catch (Exception error)
        {
            return ValueTask.FromException<Computation>(error);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Applied> ApplyAsync(EventNumber number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        try
        {
            return new(Apply(number, payload.Span, cancel));
        }
        catch (Exception error)
        {
            return ValueTask.FromException<Applied>(error);
        }
    }

    /// <inheritdoc/>
    public async ValueTask SnapshotAsync(Position position, CancellationToken cancel)
    {
        ShipState state = _state;
        if (position.Number != state.Number)
            throw new ArgumentException($"The state is the one after event {state.Number}, not {position.Number}.", nameof(position));
        if (state.Number == EventNumber.None)
            return;
        SnapshotFile snapshot = new(position, _options.Life, state, state.Kernel is null ? Atom.Zero : _machine.ExportNames());
        await _disk.WaitAsync(cancel);
        try
        {
            await Task.Run(() => _snapshots.Write(snapshot, cancel), cancel);
        }
        finally
        {
            _disk.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Position> RestoreAsync(EventNumber atMost, CancellationToken cancel)
    {
        await _disk.WaitAsync(cancel);
        try
        {
            (Position position, ShipState state, NockMachine machine) = await Task.Run(() => _snapshots.Restore(atMost, cancel), cancel);
            (_state, _machine, _mook) = (state, machine, null);
            return position;
        }
        finally
        {
            _disk.Release();
        }
    }

    /// <summary>Waits for a snapshot that is being written.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disk.WaitAsync();
        _disk.Dispose();
    }

    private Computation Poke(Ovum ovum, long largest, CancellationToken cancel)
    {
        if (_state.Kernel is null)
            return new Computation.Refused(Refusal.Unbooted, $"the ship has not booted: it stands at event {_state.Number}, its boot is {_options.Life}");
        Noun noun;
        try
        {
            noun = Cue.From(ovum.Bytes.Span, _options.OvumLimits);
        }
        catch (NounException error)
        {
            return new Computation.Refused(Refusal.Malformed, $"the ovum is no noun: {error.Message}");
        }
        if (noun is not Cell { Tail: Cell })
            return new Computation.Refused(Refusal.Malformed, "the ovum is not [wire card]");

        UInt128 stamp = DateAtom.Stamp(ovum.Now);
        if (stamp <= _state.LastNow)
            stamp = _state.LastNow < UInt128.MaxValue - Tick ? _state.LastNow + Tick : UInt128.MaxValue;
        Noun now = Atom.Of(stamp);
        Noun made = new Cell(now, noun);
        Attempt first = Compute(made, _options.MaxCalls, _options.MaxHeap, cancel);
        if (first.Next is not null)
            return Accept(made, first, null, largest);
        if (first.Mote == "evil")
            return new Computation.Refused(Refusal.Forged, "the ovum crashed the kernel with %evil: something in it was forged");

        Noun crud = Cell.Of(now, ArvoWire, "crud", new Cell(Cord.Of(first.Mote), Tang(first.Trace, cancel)), noun);
        Attempt second = Compute(crud, _options.MaxCalls, _options.MaxHeap, cancel);
        return second.Next is not null
            ? Accept(crud, second, $"the ovum crashed the kernel with %{first.Mote}, and was logged as %crud", largest)
            : new Computation.Refused(Refusal.Crashed, $"the ovum crashed the kernel with %{first.Mote}, and so did the report of that, with %{second.Mote}");
    }

    // The state is taken up only once there is a payload for the log.
    private Computation Accept(Noun made, Attempt attempt, string? failure, long largest)
    {
        ShipState next = attempt.Next!;
        if (PayloadWriter.TryWrite(next.Mug, made, largest) is not { } payload)
            return new Computation.Refused(Refusal.Oversize, $"the event that comes of the ovum has more than {largest} bytes, which is the most that the log takes");
        _state = next;
        return new Computation.Accepted(next.Number, payload, next.Mug, attempt.Effects, failure);
    }

    private Applied Apply(EventNumber number, ReadOnlySpan<byte> payload, CancellationToken cancel)
    {
        if (number.Value == 0 || number.Previous != _state.Number)
            throw new SeguroException(ErrorCode.Gap, $"event {number} does not follow the ship's state, which is the one after event {_state.Number}", "Apply the events in order.");
        if (payload.Length <= sizeof(uint))
            throw BadEvent(number, $"{payload.Length} bytes are too few");
        Noun made;
        try
        {
            made = Cue.From(payload[sizeof(uint)..], _options.EventLimits);
        }
        catch (NounException error)
        {
            throw BadEvent(number, error.Message, error);
        }
        Attempt attempt = number.Value <= (ulong)_options.Life ? Boot(made, cancel)
            : made is Cell { Head: Atom, Tail: Cell { Tail: Cell } } ? Compute(made, _options.Machine.MaxCalls, _options.Machine.MaxHeap, cancel)
            : throw BadEvent(number, "it is not [now wire card]");
        if (attempt.Next is not { } next)
        {
            throw new SeguroException(
                ErrorCode.Crashed,
                $"event {number} crashes here, with %{attempt.Mote}: {NounPrinter.Print(attempt.Trace, 200)}",
                "It did not where it was made: compare the versions of Seguro, and the limits of memory and calls.",
                attempt.Mote == "meme" ? new InsufficientMemoryException() : null);
        }
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        if (expected != 0 && expected != next.Mug)
        {
            throw new SeguroException(
                ErrorCode.Nondeterministic,
                $"event {number} leads here to a state with the mug {next.Mug:x8}; the log says {expected:x8}",
                "Restore a snapshot and apply the events again; if the mugs still differ, keep this ship's folder and report it.");
        }
        _state = next;
        return new Applied(next.Mug, attempt.Effects, number.Value <= (ulong)_options.Life ? 0 : DigestOf(made));
    }

    // The mug of the ovum [wire card] that an event [now wire card] came from, also where it was logged as the report of a crash.
    private static uint DigestOf(Noun made)
    {
        if (made is not Cell { Tail: Cell { Head: Noun wire, Tail: Cell card } ovum })
            return 0;
        bool isCrud = card is { Head: Atom tag, Tail: Cell { Tail: Cell } } && tag.Equals(CrudTag) && wire.Equals(ArvoWire);
        return (uint)(isCrud ? ((Cell)card.Tail).Tail : ovum).Mug;
    }

    // A formula of the boot; with the last of them the kernel comes to be.
    private Attempt Boot(Noun formula, CancellationToken cancel)
    {
        Noun formulas = new Cell(formula, _state.Core);
        ShipState next = new(_state.Number.Next, null, formulas, 0);
        if (next.Number.Value < (ulong)_options.Life)
            return new Attempt(next, []);
        try
        {
            (_machine.MaxCalls, _machine.MaxHeap) = (_options.Machine.MaxCalls, _options.Machine.MaxHeap);
            ArvoKernel kernel = ArvoKernel.Boot(_machine, NounList.Of([.. NounList.Items(formulas).Reverse()]), cancel);
            return new Attempt(next with { Kernel = kernel, Core = kernel.Core }, []);
        }
        catch (NockException error)
        {
            return new Attempt(error.Result);
        }
        catch (NounException error)
        {
            return new Attempt(NoKernel(error));
        }
    }

    // The state after an event, which is not taken up yet.
    private Attempt Compute(Noun made, long maxCalls, long maxHeap, CancellationToken cancel)
    {
        ArvoKernel kernel = new(_machine, _state.Core);
        (_machine.MaxCalls, _machine.MaxHeap) = (maxCalls, maxHeap);
        try
        {
            NockResult result = kernel.TryPoke(made, cancel);
            if (result.Product is not Noun list)
                return new Attempt(result);
            EventNumber number = _state.Number.Next;
            List<Effect> effects = [];
            foreach (Noun effect in NounList.Items(list))
                effects.Add(new Effect(number, effects.Count, Jam.ToBytes(effect)));
            UInt128 last = ((Cell)made).Head is Atom now && now.TryGet(out UInt128 time) ? time : _state.LastNow;
            return new Attempt(new ShipState(number, kernel, kernel.Core, last), effects);
        }
        catch (NounException error)
        {
            return new Attempt(NoKernel(error));
        }
        catch (OutOfMemoryException)
        {
            return new Attempt(new NockResult(null, "meme", Atom.Zero)); // its effects, written out
        }
    }

    // What the kernel itself makes of the open hints for people to read: a list of tanks, without which a real kernel could not read the report.
    private Noun Tang(Noun trace, CancellationToken cancel)
    {
        try
        {
            // A computation that ran out of memory may have a trace as long as its stack was deep; what is nearest says most.
            trace = NounList.Of([.. NounList.Items(trace).Take(LongestTrace)]);
            _mook ??= _state.Kernel!.Wish("mook", cancel);
            return _machine.Slam(_mook, Cell.Of(2, trace), cancel) is Cell { Head: Atom { IsSmall: true, Low: 2 }, Tail: Noun tang } ? tang : Atom.Zero;
        }
        catch (SeguroException error) when (error is NockException or NounException)
        {
            return Atom.Zero;
        }
    }

    private static NockResult NoKernel(NounException error) => new(null, "exit", NounList.Of(Cell.Of("lose", Cord.Of(error.Message))));

    private static SeguroException BadEvent(EventNumber number, string why, Exception? inner = null) =>
        new(ErrorCode.BadEvent, $"event {number} is not an event of a ship: {why}", "Verify the log: seguro log verify.", inner);

    // Next: the state after it; or null, and why there is none.
    private readonly record struct Attempt(ShipState? Next, IReadOnlyList<Effect> Effects, string Mote, Noun Trace)
    {
        public Attempt(ShipState next, IReadOnlyList<Effect> effects)
            : this(next, effects, "", Atom.Zero)
        {
        }

        public Attempt(NockResult failure)
            : this(null, [], failure.Mote, failure.Trace)
        {
        }
    }
}
