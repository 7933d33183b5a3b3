using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Vere.Protocol;

/// <summary>What the king asks of the worker (vere-facts.md §5a, "Tasks"; §5b, "writ"). Parts that nobody here looks at are nouns, kept as they came.</summary>
public abstract record VereTask
{
    private VereTask()
    {
    }

    /// <summary>The message as a noun; of one that was read, the same noun again.</summary>
    public abstract Noun ToNoun();

    /// <summary>Reads a task.</summary>
    /// <returns>The task; <see cref="Unknown"/> where the protocol has no task of that name.</returns>
    /// <exception cref="NounException"><see cref="ErrorCode.BadValue"/>: a name that the protocol has, with another shape.</exception>
    public static VereTask Read(Noun message, VereProtocol protocol)
    {
        if (!Shapes.IsTagged(message, out ulong tag, out Noun rest))
            return new Unknown(message);
        VereTask? task = tag switch
        {
            Tags.Poke when protocol is VereProtocol.Two => rest is Cell { Tail: Cell ovum } poke && Shapes.IsNumber(poke.Head, out ulong limit) ? new Poke(limit, ovum) : null,
            Tags.Work when protocol is VereProtocol.One => rest is Cell { Tail: Cell { Head: Atom now, Tail: Cell ovum } } work && Shapes.IsNumber(work.Head, out ulong limit)
                ? new Work(limit, now, ovum) : null,
            Tags.Play when protocol is VereProtocol.One => rest is Cell play && Shapes.IsEvent(play.Head, out EventNumber first) ? new Play(first, play.Tail) : null,
            Tags.Peek => rest is Cell { Tail: Cell { Head: Noun gang, Tail: Noun request } } peek && Shapes.IsNumber(peek.Head, out ulong limit) ? new Peek(limit, gang, request) : null,
            Tags.Live when protocol is VereProtocol.One && rest is Cell { Head: Noun head, Tail: Noun code } && Shapes.IsNumber(head, out ulong what) && what == Tags.Exit => new Exit(protocol, code),
            Tags.Live => rest is Cell ? new Live(rest) : null,
            Tags.Quiz => rest is Cell ? new Quiz(rest) : null,
            Tags.Sync when protocol is VereProtocol.Two => rest is Cell ? new Sync(rest) : null,
            Tags.Exit when protocol is VereProtocol.Two => new Exit(protocol, rest),
            _ => new Unknown(message),
        };
        return task ?? throw Shapes.Wrong("task", protocol, tag, message);
    }

    /// <summary>Protocol 2: compute an event, <c>[%poke mil wire card]</c>. The worker stamps it with its own clock.</summary>
    /// <param name="Limit">How long it may compute, in milliseconds; 0: as long as it takes.</param>
    /// <param name="Ovum"><c>[wire card]</c>; the wire has the target.</param>
    public sealed record Poke(ulong Limit, Noun Ovum) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Poke, Limit, Ovum);
    }

    /// <summary>Protocol 1: compute an event, <c>[%work mil now wire card]</c>, stamped by the king.</summary>
    /// <param name="Limit">As for <see cref="Poke"/>.</param>
    /// <param name="Now">The event's time.</param>
    /// <param name="Ovum"><c>[wire card]</c>.</param>
    public sealed record Work(ulong Limit, Atom Now, Noun Ovum) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Work, Limit, Now, Ovum);
    }

    /// <summary>Protocol 1: replay events of the king's log, <c>[%play first events]</c>; the first time the ship's life, as one list.</summary>
    public sealed record Play(EventNumber First, Noun Events) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Play, First.Value, Events);
    }

    /// <summary>Read the ship's namespace, <c>[%peek mil lyc nom]</c>.</summary>
    /// <param name="Limit">As for <see cref="Poke"/>.</param>
    /// <param name="Gang">For whom.</param>
    /// <param name="Request">What.</param>
    public sealed record Peek(ulong Limit, Noun Gang, Noun Request) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Peek, Limit, Gang, Request);
    }

    /// <summary>Housekeeping: <c>%pack</c>, <c>%meld</c>; in protocol 1 also <c>%save</c> and <c>%cram</c> with an event.</summary>
    public sealed record Live(Noun Request) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Live, Request);
    }

    /// <summary>Measure memory: <c>%quac</c>, <c>%quic</c>.</summary>
    public sealed record Quiz(Noun Request) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Quiz, Request);
    }

    /// <summary>Protocol 2: <c>[%sync %save ~]</c>, write a snapshot. It is no writ: the king does not wait for the answer.</summary>
    public sealed record Sync(Noun Request) : VereTask
    {
        /// <summary>The one that there is.</summary>
        public static Sync Save { get; } = new(new Cell(Tags.Save, 0));

        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Sync, Request);
    }

    /// <summary>Finish what was begun, write a snapshot, end: <c>[%exit ~]</c>; in protocol 1 <c>[%live %exit code]</c>.</summary>
    public sealed record Exit(VereProtocol Protocol, Noun Code) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Protocol is VereProtocol.Two ? new Cell(Tags.Exit, Code) : Cell.Of(Tags.Live, Tags.Exit, Code);
    }

    /// <summary>Whatever else it is.</summary>
    public sealed record Unknown(Noun Message) : VereTask
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Message;
    }
}
