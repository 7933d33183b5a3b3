using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;
using Seguro.Vere.Relay;

namespace Seguro.Tests.Vere.Relay;

/// <summary>A king, a worker, a gate, and a relay between them, all by chance from one seed. What the relay did wrong is in <see cref="Wrongs"/>.</summary>
sealed class RelayWorld
{
    private const ulong Head = 4_311_199_133;
    private const int MostPiece = 400;

    // Protocol 1: a reply that brings an event is taken whole.
    private const int MostReply = 5_000;

    private readonly Random _random;
    private readonly RelayFlaw _flaw;
    private readonly RelayOptions _options;
    private readonly RelayMachine _relay;
    private readonly ModelWorker _worker;
    private readonly List<byte> _kingsOutput = [];
    private readonly NewtReader _kingsInput = new();
    private readonly List<byte> _frame = [];
    private readonly List<RelayOutput> _outputs = [];
    private readonly HashSet<ulong> _heardTexts = [];
    private readonly List<byte[]> _tasks = [];
    private ReadOnlyMemory<byte>? _kept;
    private ulong _asked;
    private ulong _answered;
    private ulong _released;
    private ulong _computed = Head;
    private int _dropped;
    private bool _isRipe;
    private bool _isCut;
    private bool _hasAskedExit;
    private bool _isWorkerClosed;
    private bool _isWorkerKilled;
    private RelayOutput.Ended? _ended;

    public RelayWorld(int seed, VereProtocol protocol, RelayFlaw flaw = RelayFlaw.None)
    {
        _random = new Random(seed);
        _flaw = flaw;
        _released = Head - (ulong)_random.Next(2);
        _options = new RelayOptions
        {
            Protocol = protocol,
            PierHead = new EventNumber(Head),
            Released = new EventNumber(_released),
            HoldsText = flaw is not RelayFlaw.TextPasses,
            MaxWrits = flaw is RelayFlaw.AsksAll ? int.MaxValue : 4,
            MaxHeldBytes = _random.Next(2) == 0 ? 1_000 : 100_000,
            MaxTextBytes = _random.Next(2) == 0 ? 2_000 : 100_000,
        };
        _relay = new RelayMachine(_options);
        _worker = new ModelWorker(_random, protocol, Head);
        _worker.Say();
        _worker.Ripe();
    }

    public List<string> Wrongs { get; } = [];

    private bool IsTwo => _options.Protocol is VereProtocol.Two;

    /// <summary>So many things happen; then all that can still come comes, and the king ends the ship.</summary>
    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
            Any();
        Settle();
        Require(_answered == _asked, $"{_answered} of {_asked} tasks were answered");
        Require(_heardTexts.Count + _dropped == _worker.Texts.Count, $"{_heardTexts.Count} of {_worker.Texts.Count} texts were heard, and {_dropped} dropped");
        Require(_relay.HeldBytes == 0 && _relay.HeldTextBytes == 0, "something is held for ever");
        Require(_computed == _worker.Event, $"event {_worker.Event} was computed, and {_computed} is known");
        Ask(new VereTask.Exit(_options.Protocol, 0));
        Settle();
        Require(_worker.HasExited, "the worker was not told to end");
        Require(Concatenated(_tasks).SequenceEqual(Concatenated(_worker.Given)), "the worker was given other tasks than were asked");
        Step(new RelayInput.WorkerGone(0));
        Require(_ended is { ExitCode: 0 }, $"it ended so: {_ended}");
    }

    /// <summary>So many things happen; then king, worker, both in any order, or the lease are gone.</summary>
    public void Fail(int steps)
    {
        for (int i = 0; i < steps; i++)
            Any();
        int kind = _random.Next(4);
        if (kind == 0)
        {
            _isCut = true;
            Step(new RelayInput.Lost());
            Require(_isWorkerKilled && _ended is { ExitCode: 1 }, "a lost lease does not end it");
        }
        if (kind is 1 or 3)
        {
            _isCut = true;
            Step(new RelayInput.KingGone());
            Require(_isWorkerClosed || _ended is not null, "the worker is not told that its king is gone");
        }
        for (int i = 0; kind < 2 && i < 30; i++)
            Any();
        ulong committed = _worker.Committed;
        bool isWhole = false;
        if (kind != 0)
        {
            // Protocol 2: what it had committed is in its log, whether it could still say so or not.
            while (kind != 2 && _worker.Output.Count > 0)
                Deliver(_worker.Output, true, static bytes => new RelayInput.WorkerSent(bytes), all: true);
            isWhole = _frame.Count == 0 && _kingsInput.IsBetweenFrames;
            Step(new RelayInput.WorkerGone(137));
            Require(_computed <= committed, "an event is known that was not committed");
            _worker.Output.Clear();
        }
        for (int i = 0; i < 30; i++)
            Any(hasWorker: false);
        Release(_computed);
        Step(new RelayInput.Released(new EventNumber(ulong.MaxValue)));
        if (kind == 2)
        {
            Require(_relay.HeldBytes == 0 && _relay.HeldTextBytes == 0, "what the worker left is held for ever");
            Require(_ended is not null, "it does not end");
        }
        Require(!isWhole || (_frame.Count == 0 && _kingsInput.IsBetweenFrames), "a torn frame is begun after the worker's end");
        Require(_ended is { ExitCode: 1 }, $"it ended so: {_ended}");
    }

    private void Any(bool hasWorker = true)
    {
        int choice = _random.Next(12);
        if (choice < 3 && !_hasAskedExit && _asked - _answered < 10)
            Ask(Task());
        else if (choice == 3)
            Deliver(_kingsOutput, _relay.MayReadKing || _flaw is RelayFlaw.AsksAll, static bytes => new RelayInput.KingSent(bytes));
        else if (choice is 4 or 5 && hasWorker)
            _worker.Compute();
        else if (choice == 6 && hasWorker)
            _worker.Commit();
        else if (choice is 7 or 8 && hasWorker)
            Deliver(_worker.Output, _relay.MayReadWorker || _flaw is RelayFlaw.TakesAll, static bytes => new RelayInput.WorkerSent(bytes));
        else if (choice == 9)
            Release(_released + (ulong)_random.NextInt64((long)(_computed - Math.Min(_computed, _released)) + 1));
        else if (choice == 10 && _random.Next(8) == 0)
            Save();
        else if (choice == 11 && hasWorker && _random.Next(3) == 0)
            _worker.Say();
    }

    private void Settle()
    {
        for (int quiet = 0; quiet < 3; quiet++)
        {
            int before = -1;
            for (int bytes = -2; before != bytes || !_worker.IsIdle;)
            {
                before = bytes;
                Deliver(_kingsOutput, _relay.MayReadKing, static bytes => new RelayInput.KingSent(bytes), all: true);
                _worker.Compute();
                _worker.Commit();
                Deliver(_worker.Output, _relay.MayReadWorker, static bytes => new RelayInput.WorkerSent(bytes));
                Release(Math.Max(_computed, Head));
                bytes = _kingsOutput.Count + _worker.Output.Count + (int)_asked + (int)_answered;
                if (Wrongs.Count > 0)
                    return;
            }
        }
    }

    private VereTask Task()
    {
        byte[] filler = new byte[_random.Next(6) == 0 ? 900 : 10];
        _random.NextBytes(filler);
        Noun ovum = Cell.Of(NounList.Path("a"), "born", Atom.Of(filler));
        return _random.Next(12) switch
        {
            < 7 => IsTwo ? new VereTask.Poke(0, ovum) : new VereTask.Work(0, Atom.Of(filler), ovum),
            < 9 => new VereTask.Peek(0, 0, ovum),
            9 => new VereTask.Quiz(Cell.Of("quac", 0)),
            10 => new VereTask.Live(Cell.Of("pack", 0)),
            _ => IsTwo && _random.Next(2) == 0 ? VereTask.Sync.Save : new VereTask.Peek(5, 1, 2),
        };
    }

    private void Ask(VereTask task)
    {
        _tasks.Add(Newt.Frame(task.ToNoun()));
        _kingsOutput.AddRange(_tasks[^1]);
        _hasAskedExit |= task is VereTask.Exit;
        if (task is not (VereTask.Exit or VereTask.Sync))
            _asked++;
    }

    private void Save()
    {
        if (_flaw is not RelayFlaw.SavesEarly)
            Step(new RelayInput.Save());
        else if (_worker.IsBetweenTasks)
            _worker.Take(Newt.Frame(VereTask.Sync.Save.ToNoun()));
    }

    private void Release(ulong through)
    {
        _released = Math.Max(_released, through);
        Step(new RelayInput.Released(new EventNumber(_flaw is RelayFlaw.ReleasesEarly ? ulong.MaxValue : _released)));
    }

    private void Deliver(List<byte> pipe, bool may, Func<ReadOnlyMemory<byte>, RelayInput> make, bool all = false)
    {
        if (!may || pipe.Count == 0)
            return;
        int count = all ? pipe.Count : Math.Min(_random.Next(1, MostPiece), pipe.Count);
        byte[] bytes = [.. pipe.Take(count)];
        pipe.RemoveRange(0, count);
        Step(make(bytes));
        // The relay copied what it keeps.
        bytes.AsSpan().Fill(0xee);
    }

    private void Step(RelayInput input)
    {
        _relay.Step(input, _outputs);
        foreach (RelayOutput output in _outputs)
            Do(output);
        _outputs.Clear();
        Require(_relay.Outstanding <= 4, $"{_relay.Outstanding} tasks are with the worker");
        Require(_relay.HeldBytes <= _options.MaxHeldBytes + (2 * MostPiece) + (IsTwo ? 0 : MostReply), $"{_relay.HeldBytes} bytes are held");
        Require(_relay.HeldTextBytes <= _options.MaxTextBytes, $"{_relay.HeldTextBytes} bytes of text are held");
        Require(_worker.Snapshots.TrueForAll(number => number <= _released), $"a snapshot is beyond event {_released}");
    }

    private void Do(RelayOutput output)
    {
        Require(_ended is null, $"{output} after the end");
        switch (output)
        {
            case RelayOutput.ToKing king:
                Hear(king.Bytes);
                break;
            case RelayOutput.ToWorker worker:
                Require(!_isWorkerClosed, "a closed pipe is written to");
                _worker.Take(worker.Bytes.ToArray());
                break;
            case RelayOutput.Computed computed:
                ulong number = computed.Number.Value + (_flaw is RelayFlaw.Miscounts && _random.Next(10) == 0 ? 1UL : 0);
                Require(number == _computed + 1 && number <= _worker.Committed, $"event {number} is reported after {_computed}, and {_worker.Committed} is committed");
                Require(IsTwo ? computed.Payload is null : _worker.Payloads[number].AsSpan().SequenceEqual(computed.Payload!.Value.Span), $"event {number} has another payload");
                _computed = Math.Max(_computed, number);
                break;
            case RelayOutput.Saved saved:
                Require(saved.Number.Value <= _released, $"a snapshot of event {saved.Number} is beyond {_released}");
                break;
            case RelayOutput.TextDropped:
                _dropped++;
                break;
            case RelayOutput.CloseWorker:
                _isWorkerClosed = true;
                break;
            case RelayOutput.KillWorker:
                _isWorkerKilled = true;
                break;
            case RelayOutput.Ended ended:
                Require(_isCut || ended.Reason is null || ended.Reason.StartsWith("the worker ended", StringComparison.Ordinal), ended.Reason ?? "");
                _ended = ended;
                break;
        }
    }

    private void Hear(ReadOnlyMemory<byte> bytes)
    {
        Require(!_isCut, "the king hears something after the end");
        if (_flaw is RelayFlaw.LosesFrame && _random.Next(20) == 0)
            return;
        if (_flaw is RelayFlaw.SwapsFrames && _kept is null && _random.Next(10) == 0)
        {
            _kept = bytes.ToArray();
            return;
        }
        HearFrames(bytes);
        if (_kept is { } kept)
        {
            _kept = null;
            HearFrames(kept);
        }
    }

    private void HearFrames(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            _kingsInput.Give(bytes.ToArray());
            while (_kingsInput.TryRead(out NewtPiece piece))
            {
                _frame.AddRange(piece.Bytes.Span);
                if (!piece.IsLast)
                    continue;
                byte[] frame = [.. _frame];
                _frame.Clear();
                Hear(VereGift.Read(Cue.From(frame.AsSpan(Newt.HeaderBytes)), _options.Protocol), frame);
            }
        }
        catch (SeguroException e)
        {
            Wrongs.Add($"the king can't read what it hears: {e.Message}");
        }
    }

    private void Hear(VereGift gift, byte[] frame)
    {
        switch (gift)
        {
            case VereGift.Ripe ripe:
                Require(!_isRipe && ripe.Number.Value <= _released, $"%ripe of event {ripe.Number}, and {_released} is released");
                _isRipe = true;
                return;
            case VereGift.Slog { Tank: Cell { Head: Atom text, Tail: Cell { Head: Atom about } } }:
                HearText(text, about, frame);
                return;
            case VereGift.Flog { Text: Cell { Head: Atom text, Tail: Cell { Head: Atom about } } }:
                HearText(text, about, frame);
                return;
        }
        Noun answer = gift switch
        {
            VereGift.Poked poked => poked.Effects,
            VereGift.PokeFailed failed => failed.Goofs,
            VereGift.Worked worked => worked.Effects,
            VereGift.Swapped swapped => swapped.Effects,
            VereGift.Peeked peeked => peeked.Result,
            VereGift.Lived lived => lived.Result,
            VereGift.Quizzed quizzed => quizzed.Result,
            _ => throw new InvalidOperationException($"The king heard {gift}."),
        };
        Require(_isRipe, "an answer comes before %ripe");
        ulong serial = Number(((Cell)answer).Head);
        Require(serial == _answered++, $"answer {serial} comes where {_answered - 1} is due");
        Require(frame.AsSpan().SequenceEqual(_worker.Answers[(int)serial]), $"answer {serial} is not what the worker sent");
        Require(Number(((Cell)((Cell)answer).Tail).Head) <= _released, $"an answer after event {Number(((Cell)((Cell)answer).Tail).Head)} comes, and {_released} is released");
    }

    private void HearText(Atom text, Atom about, byte[] frame)
    {
        Require(frame.AsSpan().SequenceEqual(_worker.Texts[(int)Number(text)]), $"text {text} is not what the worker sent");
        Require(_heardTexts.Add(Number(text)), "a text is heard twice");
        Require(Number(about) <= _released, $"text about event {Number(about)} comes, and {_released} is released");
    }

    private void Require(bool holds, string wrong)
    {
        if (!holds)
            Wrongs.Add(wrong);
    }

    /// <summary>Tasks but for snapshots that are wanted, since the relay wants such of its own.</summary>
    private static byte[] Concatenated(IEnumerable<byte[]> frames)
    {
        byte[] save = Newt.Frame(VereTask.Sync.Save.ToNoun());
        return [.. frames.Where(frame => !frame.AsSpan().SequenceEqual(save)).SelectMany(static frame => frame)];
    }

    private static ulong Number(Noun noun) => noun is Atom atom && atom.TryGet(out ulong value) ? value : throw new InvalidOperationException($"{noun} is no number.");
}
