using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.Relay;

/// <summary>
/// A worker by vere-facts.md §5a "Semantics" and §5b, without a kernel: replies are in the order of the tasks and, in protocol 2, leave after the commit of their event; text leaves
/// at once. Each message tells which task it answers, and the last event that it could know of.
/// </summary>
sealed class ModelWorker(Random random, VereProtocol protocol, ulong head)
{
    private readonly NewtReader _reader = new();
    private readonly List<byte> _frame = [];
    private readonly Queue<VereTask> _tasks = [];
    private readonly Queue<(ulong After, byte[] Frame)> _replies = [];

    /// <summary>What was sent, and has not been taken.</summary>
    public List<byte> Output { get; } = [];

    /// <summary>Its last event.</summary>
    public ulong Event { get; private set; } = head;

    /// <summary>The last event in its log; protocol 1: the same, since the log is the king's.</summary>
    public ulong Committed { get; private set; } = head;

    /// <summary>The frames of all texts, by number.</summary>
    public List<byte[]> Texts { get; } = [];

    /// <summary>The frames of all answers, in order.</summary>
    public List<byte[]> Answers { get; } = [];

    /// <summary>The frames of all tasks, in order.</summary>
    public List<byte[]> Given { get; } = [];

    /// <summary>The events that its snapshots were of.</summary>
    public List<ulong> Snapshots { get; } = [];

    /// <summary>Payloads of protocol 1.</summary>
    public Dictionary<ulong, byte[]> Payloads { get; } = [];

    public bool HasExited { get; private set; }

    public bool IsIdle => _tasks.Count == 0 && _replies.Count == 0;

    /// <summary>Has it been given whole tasks only?</summary>
    public bool IsBetweenTasks => _frame.Count == 0 && _reader.IsBetweenFrames;

    public void Ripe()
    {
        Noun place = new Cell(Event, 77);
        Output.AddRange(Newt.Frame(protocol is VereProtocol.Two ? Cell.Of("ripe", Cell.Of(2, 0), Cell.Of(0, 0), place) : Cell.Of("ripe", Cell.Of(1, 141, 4), place)));
    }

    public void Take(ReadOnlyMemory<byte> bytes)
    {
        _reader.Give(bytes);
        while (_reader.TryRead(out NewtPiece piece))
        {
            _frame.AddRange(piece.Bytes.Span);
            if (!piece.IsLast)
                continue;
            _tasks.Enqueue(VereTask.Read(Cue.From(_frame.ToArray().AsSpan(Newt.HeaderBytes)), protocol));
            Given.Add([.. _frame]);
            _frame.Clear();
        }
    }

    /// <summary>Says something.</summary>
    public void Say() => Say(Event);

    public void Compute()
    {
        if (HasExited || !_tasks.TryDequeue(out VereTask? task))
            return;
        bool isTwo = protocol is VereProtocol.Two;
        bool fails = random.Next(5) == 0;
        // Long before the answer, which may wait for the commits of the events before it, too.
        if (random.Next(4) == 0)
            Say(task is VereTask.Poke or VereTask.Work && !fails ? Event + 1 : Event);
        switch (task)
        {
            case VereTask.Poke when fails:
                Reply(Cell.Of("poke", 1, Answer()));
                break;
            case VereTask.Poke:
                Event++;
                Reply(Cell.Of("poke", 0, Answer()));
                break;
            case VereTask.Work when fails:
                Reply(Cell.Of("work", "bail", Answer()));
                break;
            case VereTask.Work work:
                Work(work);
                break;
            case VereTask.Peek:
                Reply(Cell.Of("peek", isTwo ? (Noun)(fails ? 1 : 0) : fails ? "bail" : "done", Answer()));
                break;
            case VereTask.Live:
                Snapshots.Add(Event);
                Reply(new Cell("live", Answer()));
                break;
            case VereTask.Quiz:
                Reply(new Cell("quiz", Answer()));
                break;
            case VereTask.Sync:
                Snapshots.Add(Event);
                Committed = Event;
                Commit();
                Output.AddRange(Newt.Frame(Cell.Of("sync", Event, 77)));
                break;
            case VereTask.Exit:
                Snapshots.Add(Event);
                Committed = Event;
                Commit();
                HasExited = true;
                break;
            default:
                throw new InvalidOperationException($"The worker got {task}.");
        }
        if (!isTwo)
            Commit();
    }

    /// <summary>Commits some of what it computed, and sends the answers that waited for it.</summary>
    public void Commit()
    {
        Committed = protocol is VereProtocol.One ? Event : Committed + (ulong)random.NextInt64((long)(Event - Committed) + 1);
        while (_replies.TryPeek(out (ulong After, byte[] Frame) reply) && reply.After <= Committed)
            Output.AddRange(_replies.Dequeue().Frame);
    }

    private void Work(VereTask.Work work)
    {
        Event++;
        bool isSwapped = random.Next(3) == 0;
        Noun job = isSwapped ? Cell.Of(work.Now, "crud", Event) : new Cell(work.Now, work.Ovum);
        // Now and then the mug is a number that jam writes as a reference to the tag.
        Noun mug = random.Next(4) == 0 ? Cord.Of("work") : Atom.Of((ulong)random.Next());
        ((Atom)mug).TryGet(out ulong value);
        Payloads[Event] = [.. BitConverter.GetBytes((uint)value), .. Jam.ToBytes(job)];
        Reply(isSwapped ? Cell.Of("work", "swap", Event, mug, job, Answer()) : Cell.Of("work", "done", Event, mug, Answer()));
    }

    private void Say(ulong about)
    {
        Noun text = Cell.Of(Texts.Count, about, Filler());
        Texts.Add(Newt.Frame(random.Next(2) == 0 ? Cell.Of("slog", 0, text) : new Cell("flog", text)));
        Output.AddRange(Texts[^1]);
    }

    private void Reply(Noun reply)
    {
        Answers.Add(Newt.Frame(reply));
        _replies.Enqueue((Event, Answers[^1]));
    }

    private Noun Answer() => Cell.Of(Answers.Count, Event, Filler());

    private Noun Filler()
    {
        byte[] filler = new byte[random.Next(3) == 0 ? random.Next(3000) : random.Next(20)];
        random.NextBytes(filler);
        return Atom.Of(filler);
    }
}
