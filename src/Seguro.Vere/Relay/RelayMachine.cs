using System.Buffers;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Relay;

/// <summary>
/// What stands between king and worker, as a state machine (vere-facts.md §5c, §10 A.5). The invariant: nothing that the worker says about an event reaches the king before the
/// gate has released it; no effect, no answer to a peek, no failure, no text.
/// </summary>
/// <remarks>
/// <para>Tasks go to the worker at once. Of what comes back, the answer to an event waits for that event, and all that came behind it keeps its place; text, which the worker sends
/// past its answers, waits for the answers to all that the worker had been given when it came. A task that may write a snapshot, and the end, wait until nothing is held, so that
/// no snapshot is ever beyond what is released.</para>
/// <para>Frames are told by their first bytes and pass in parts. One whose event is released is not held at all, whatever its size.</para>
/// <para>Bounded: over <see cref="RelayOptions.MaxHeldBytes"/> the worker has to wait with its next byte. It can't wait for ever: an answer's event is in the log, and
/// reported, before the answer comes, so that the gate can open for it.</para>
/// <para>A king that goes takes what is held with it; events that the worker still answers are reported all the same, since they are in its log. A worker that goes leaves what it
/// had said: it is released as the gate opens, and then the king hears the end. After <see cref="RelayInput.Lost"/> the king hears nothing. Not safe for two threads at a time.</para>
/// <para>A worker that stands elsewhere than the log ends is refused by its first word: nothing that it says is reported, or heard by the king.</para>
/// </remarks>
public sealed class RelayMachine(RelayOptions options)
{
    private readonly NewtReader _fromWorker = new();
    private readonly Tasks _tasks = new(options);
    private readonly HeldGifts _held = new();
    private IList<RelayOutput> _outputs = [];
    private EventNumber _computed = options.PierHead;
    private EventNumber _released = options.Released;
    private EventNumber? _committed = options.Committed;
    private SeguroException? _torn;
    private HeldGift? _gift;
    private ArrayBufferWriter<byte>? _swap;
    private bool _isText;
    private bool _isRipe;
    private bool _isPlayed;
    private bool _isKingGone;
    private bool _isWorkerGone;
    private bool _isTurnedAway;
    private int _exitCode = 1;

    /// <summary>Is there room for more of the king's bytes? Where not, its pipe is left alone until this is true again; that it ended is then known by its process.</summary>
    public bool MayReadKing => !HasEnded && (_isKingGone || _isWorkerGone || _isTurnedAway || _tasks.MayRead);

    /// <summary>Is there room for more of the worker's bytes?</summary>
    public bool MayReadWorker => !HasEnded && (_swap is not null || _held.ReplyBytes < options.MaxHeldBytes);

    /// <summary>Did it say its last?</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Bytes of replies that wait for the gate.</summary>
    public long HeldBytes => _held.ReplyBytes;

    /// <summary>Bytes of text that wait for the gate.</summary>
    public long HeldTextBytes => _held.TextBytes;

    /// <summary>Tasks that the worker was given and has not answered.</summary>
    public int Outstanding => _tasks.Outstanding;

    /// <summary>The last event that the worker is known to have computed.</summary>
    public EventNumber Computed => _computed;

    /// <summary>Takes an input, and adds what is to be done about it to <paramref name="outputs"/>, in order. After <see cref="RelayOutput.Ended"/> nothing is done any more.</summary>
    public void Step(RelayInput input, IList<RelayOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(outputs);
        if (HasEnded)
            return;
        _outputs = outputs;
        try
        {
            Take(input);
            Pump();
        }
        catch (SeguroException breach)
        {
            Break(breach.Message);
        }
    }

    /// <summary>The last event that what the worker says may be about, but for its own number in an answer.</summary>
    private EventNumber Reach => _computed > options.PierHead ? _computed : options.PierHead;

    internal static SeguroException Breach(string what) => new(ErrorCode.Corrupt, what, "Use a vere that Seguro knows; see what the worker wrote to its standard error.");

    private void Take(RelayInput input)
    {
        switch (input)
        {
            case RelayInput.KingSent sent when !_isKingGone && !_isWorkerGone && !_isTurnedAway:
                _tasks.Give(sent.Bytes);
                break;
            case RelayInput.WorkerSent sent when !_isWorkerGone:
                _fromWorker.Give(sent.Bytes);
                while (_fromWorker.TryRead(out NewtPiece piece))
                    Take(piece);
                break;
            case RelayInput.Released released when released.Through > _released:
                _released = released.Through;
                break;
            case RelayInput.Committed committed when committed.Through > _committed:
                _committed = committed.Through;
                break;
            case RelayInput.Save:
                _tasks.Save();
                break;
            case RelayInput.KingGone when !_isKingGone:
                _isKingGone = true;
                _held.Clear();
                if (!_tasks.HasExited && !_isWorkerGone && !_isTurnedAway)
                    _outputs.Add(RelayOutput.CloseWorker.Instance);
                break;
            case RelayInput.WorkerGone gone when !_isWorkerGone:
                _isWorkerGone = true;
                _exitCode = gone.ExitCode;
                _torn = _fromWorker.End();
                _held.End();
                break;
            case RelayInput.Lost:
                Break("the member is master no longer");
                break;
        }
    }

    private void Pump()
    {
        if (HasEnded)
            return;
        _held.Send(_released, _outputs);
        if (!_isKingGone && !_isWorkerGone && !_isTurnedAway)
        {
            _tasks.Pump(isQuiet: _held.HasRipeGone && _held.IsEmpty && !(_committed < _computed), _outputs);
            // A king that ends before it heard %ripe must never hear it (vere-facts.md §13.3), and the worker may stand beyond what is released: no snapshot.
            if (_tasks.IsExitWaiting && !_held.HasRipeGone)
                TurnAway();
        }
        if (_isWorkerGone && _held.IsEmpty)
            End();
    }

    private void TurnAway()
    {
        _isTurnedAway = true;
        _held.Clear();
        _outputs.Add(RelayOutput.CloseWorker.Instance);
    }

    private void End()
    {
        bool isAsked = _isTurnedAway || (_tasks.HasExited && _exitCode == 0);
        HasEnded = true;
        string reason = _isKingGone ? "the king ended" : $"the worker ended with exit code {_exitCode}{(_torn is null ? "" : $", and left {_torn.Message}")}";
        _outputs.Add(isAsked ? new RelayOutput.Ended(0, null) : new RelayOutput.Ended(1, reason));
    }

    private void Break(string reason)
    {
        HasEnded = true;
        _held.Clear();
        if (!_isWorkerGone)
            _outputs.Add(RelayOutput.KillWorker.Instance);
        _outputs.Add(new RelayOutput.Ended(1, reason));
    }

    /// <summary>Takes a part of a frame of the worker's.</summary>
    private void Take(NewtPiece piece)
    {
        if (piece.IsFirst)
        {
            _gift = null;
            Begin(piece);
        }
        if (_gift is { } gift && !_isKingGone && !_isTurnedAway)
            _held.Add(gift, piece, _isText, _released, _outputs);
        if (_swap is not null)
            TakeSwap(piece);
    }

    private void Begin(NewtPiece piece)
    {
        Span<ulong> atoms = stackalloc ulong[JamHead.MaxAtoms];
        atoms = atoms[..JamHead.Read(piece.Head, atoms)];
        ulong tag = atoms.Length > 0 ? atoms[0] : 0;
        if (tag is Tags.Slog or Tags.Flog)
            BeginText(piece);
        else if (tag is Tags.Ripe)
            TakeRipe(piece);
        else if (!_isRipe)
            throw Breach($"the worker says {Tags.Text(tag)} before it said %ripe");
        else if (tag is Tags.Sync && options.Protocol is VereProtocol.Two)
            TakeSync(piece);
        else
            BeginReply(tag, atoms);
    }

    private void BeginText(NewtPiece piece)
    {
        _isText = true;
        if (_isKingGone || _isTurnedAway)
            return;
        if (_held.TextBytes + Newt.HeaderBytes + piece.Length > options.MaxTextBytes)
        {
            _outputs.Add(RelayOutput.TextDropped.Instance);
            return;
        }
        _gift = options.HoldsText ? new HeldGift(Reach, _tasks.Given) : new HeldGift(EventNumber.None);
        _held.AddText(_gift);
    }

    private void TakeRipe(NewtPiece piece)
    {
        if (_isRipe)
            throw Breach("the worker says %ripe twice");
        VereGift.Ripe ripe = (VereGift.Ripe)Whole(piece);
        // In protocol 1 the king has the log, and gives a worker what it lacks.
        if (ripe.Number > options.PierHead || (ripe.Number < options.PierHead && options.Protocol is VereProtocol.Two))
            throw Breach($"the worker stands at event {ripe.Number}, and the log ends at {options.PierHead}");
        _isRipe = true;
        _computed = ripe.Number;
        _outputs.Add(new RelayOutput.Ripened(ripe));
        Hold(new HeldGift(ripe.Number) { IsReply = false });
    }

    /// <summary>The king ignores these (vere-facts.md §5a), so it gets none: it can't tell those that the relay asked for.</summary>
    private void TakeSync(NewtPiece piece)
    {
        VereGift.Synced synced = (VereGift.Synced)Whole(piece);
        _outputs.Add(new RelayOutput.Saved(synced.Number, synced.Mug));
    }

    private void BeginReply(ulong tag, ReadOnlySpan<ulong> atoms)
    {
        bool isTwo = options.Protocol is VereProtocol.Two;
        switch (tag)
        {
            case Tags.Poke when isTwo && atoms.Length > 1 && atoms[1] <= 1:
                _tasks.Answered(tag);
                if (atoms[1] == 0)
                    Compute(_computed.Next, null);
                break;
            case Tags.Work when !isTwo && atoms.Length > 3 && atoms[1] is Tags.Done or Tags.Swap:
                BeginWork(atoms);
                break;
            case Tags.Work when !isTwo && atoms.Length > 1 && atoms[1] is Tags.Bail:
            case Tags.Peek or Tags.Live or Tags.Quiz:
                _tasks.Answered(tag);
                break;
            case Tags.Play when !isTwo:
                _tasks.Answered(tag);
                _isPlayed = true;
                break;
            default:
                throw Breach($"the worker says {Tags.Text(tag)}, which protocol {(int)options.Protocol} has not, or not so");
        }
        Hold(new HeldGift(Reach));
    }

    private void BeginWork(ReadOnlySpan<ulong> atoms)
    {
        Writ writ = _tasks.Answered(Tags.Work);
        EventNumber number = new(atoms[2]);
        // What was replayed in between has no number of its own here.
        if (_isPlayed ? number <= Reach : number != Reach.Next)
            throw Breach($"the worker computed event {number} after event {Reach}");
        if (atoms[3] > int.MaxValue)
            throw Breach($"the mug of event {number} has more than 31 bits");
        _isPlayed = false;
        if (atoms[1] == Tags.Done)
        {
            Compute(number, writ.Payload((uint)atoms[3]));
            return;
        }
        _computed = number;
        _swap = new ArrayBufferWriter<byte>();
    }

    /// <summary>Another event came of it than was asked for: it is in the answer, which must be whole before the event can be told.</summary>
    private void TakeSwap(NewtPiece piece)
    {
        if (piece.Length > options.MaxEventBytes)
            throw Breach($"an answer with an event has {piece.Length} bytes, and {options.MaxEventBytes} are taken");
        _swap!.Write(piece.IsFirst ? piece.Head : piece.Bytes.Span);
        if (!piece.IsLast)
            return;
        VereGift.Swapped swapped = (VereGift.Swapped)VereGift.Read(Cue.From(_swap!.WrittenSpan), options.Protocol);
        _swap = null;
        Compute(swapped.Number, Writ.Payload(swapped.Mug, swapped.Job));
    }

    private void Compute(EventNumber number, ReadOnlyMemory<byte>? payload)
    {
        _computed = number;
        _outputs.Add(new RelayOutput.Computed(number, payload));
    }

    private void Hold(HeldGift gift)
    {
        _gift = gift;
        _isText = false;
        if (!_isKingGone && !_isTurnedAway)
            _held.AddReply(gift);
    }

    private VereGift Whole(NewtPiece piece) => piece.IsLast
        ? VereGift.Read(Cue.From(piece.Head), options.Protocol)
        : throw Breach($"the worker's message about its state has {piece.Length} bytes, and {NewtReader.HeadBytes} are taken");
}
