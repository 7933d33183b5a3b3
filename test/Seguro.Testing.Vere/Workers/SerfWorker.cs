using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary><c>urbit serf</c>, the worker of protocol 1 (vere-facts.md §5b): it has the snapshot, and neither lock nor log; each task is answered before the next is read.</summary>
sealed class SerfWorker : IDisposable
{
    private const ulong Hoon = 138;
    private const ulong NockVersion = 4;
    private readonly string _pier;
    private readonly Stream _output;
    private readonly WorkerShip _ship;
    private readonly Interrupts _interrupts = new();

    /// <summary>Takes up the snapshot, and says <c>%ripe</c>.</summary>
    public SerfWorker(WorkerArguments.Serf arguments, Stream output)
    {
        _pier = arguments.Pier;
        _output = output;
        _ship = new WorkerShip(0, slog => Send(new Cell(Cord.Of("slog"), slog)));
        PierImage.Load(PierImage.FolderOf(_pier), _ship, isOld: true);
        Send(new VereGift.Ripe(VereProtocol.One, new Cell(Hoon, NockVersion), null, new EventNumber(_ship.Number), _ship.Mug).ToNoun());
    }

    /// <summary>Works until it is told to end.</summary>
    /// <exception cref="VereExit">The king is gone, or asks for what no king asks.</exception>
    public void Run(Stream input)
    {
        while (Newt.ReadAsync(input, int.MaxValue, CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } frame)
        {
            VereTask task = VereTask.Read(Cue.From(frame), VereProtocol.One);
            if (task is VereTask.Exit exit)
            {
                int code = Shapes.IsNumber(exit.Code, out ulong number) ? (int)number : 1;
                throw new VereExit(code, "");
            }
            Send(Answer(task).ToNoun());
        }
        throw VereExit.Failed("serf: pipe closed");
    }

    /// <inheritdoc/>
    public void Dispose() => _interrupts.Dispose();

    private VereGift Answer(VereTask task)
    {
        switch (task)
        {
            case VereTask.Work work:
                return Work(work);
            case VereTask.Peek peek:
                (bool isDone, Noun result) = _interrupts.Run(peek.Limit, cancel => (_ship.TryPeek(new Cell(peek.Gang, peek.Request), cancel, out Noun answer), answer));
                return new VereGift.Peeked(VereProtocol.One, isDone, result);
            case VereTask.Play play:
                return Play(play);
            case VereTask.Live { Request: Cell { Head: Noun what, Tail: Noun number } } when what == (Noun)"save":
                if (number != (Noun)_ship.Number)
                    throw VereExit.Failed($"serf: save: have {_ship.Number}, need {number}");
                PierImage.Save(_pier, _ship.Number, _ship.State);
                return new VereGift.Lived(Atom.Zero);
            case VereTask.Live:
                return new VereGift.Lived(Atom.Zero);
            case VereTask.Quiz quiz:
                return new VereGift.Quizzed(new Cell(((Cell)quiz.Request).Head, 0));
            default:
                throw VereExit.Failed("serf: bad writ");
        }
    }

    private VereGift Work(VereTask.Work work)
    {
        Poked poked = _interrupts.Run(work.Limit, cancel => _ship.Poke(work.Now, work.Ovum, cancel));
        EventNumber number = new(_ship.Number);
        if (poked.Event is null)
            return new VereGift.PokeFailed(VereProtocol.One, NounList.Of([.. poked.Goofs.Reverse()])); // the other order than in protocol 2
        return poked.IsReplaced ? new VereGift.Swapped(number, _ship.Mug, poked.Event, poked.Effects) : new VereGift.Worked(number, _ship.Mug, poked.Effects);
    }

    // The first time it is given all formulas.
    private VereGift Play(VereTask.Play play)
    {
        if (play.First.Value != _ship.Number + 1)
            throw VereExit.Failed($"serf: play: have {_ship.Number}, given {play.First}");
        List<Noun> events = [.. NounList.Items(play.Events)];
        if (_ship.Number == 0)
            _ship.Life = (uint)events.Count;
        foreach (Noun made in events)
        {
            if (_ship.Replay(made) is { } goof)
                return new VereGift.PlayFailed(new EventNumber(_ship.Number), _ship.Mug, goof);
        }
        return new VereGift.Played(_ship.Mug);
    }

    private void Send(Noun message)
    {
        _output.Write(Newt.Frame(message));
        _output.Flush();
    }
}
