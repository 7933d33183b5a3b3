using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Vere.Protocol;

/// <summary>What the worker says to the king (vere-facts.md §5a, "Gifts"; §5b, "plea"). Parts that nobody here looks at are nouns, kept as they came.</summary>
public abstract record VereGift
{
    private VereGift()
    {
    }

    /// <summary>The message as a noun; of one that was read, the same noun again.</summary>
    public abstract Noun ToNoun();

    /// <summary>Reads a gift.</summary>
    /// <returns>The gift; <see cref="Unknown"/> where the protocol has no gift of that name.</returns>
    /// <exception cref="NounException">
    /// <see cref="ErrorCode.BadValue"/>: a name that the protocol has, with another shape; a <c>%ripe</c> of another protocol, which is named, among them.
    /// </exception>
    public static VereGift Read(Noun message, VereProtocol protocol)
    {
        if (!Shapes.IsTagged(message, out ulong tag, out Noun rest))
            return new Unknown(message);
        VereGift? gift = tag switch
        {
            Tags.Ripe => ReadRipe(rest, protocol),
            Tags.Slog => rest is Cell { Tail: Noun tank } slog && Shapes.IsNumber(slog.Head, out ulong priority) ? new Slog(priority, tank) : null,
            Tags.Flog => new Flog(rest),
            Tags.Live => new Lived(rest),
            Tags.Quiz => new Quizzed(rest),
            Tags.Sync when protocol is VereProtocol.Two => rest is Cell { Tail: Noun last } sync && Shapes.IsEvent(sync.Head, out EventNumber number) && Shapes.IsMug(last, out uint mug)
                ? new Synced(number, mug) : null,
            Tags.Poke when protocol is VereProtocol.Two => IsOutcome(rest, 0, 1, out bool isDone, out Noun result) ? isDone ? new Poked(result) : new PokeFailed(protocol, result) : null,
            Tags.Peek when protocol is VereProtocol.Two => IsOutcome(rest, 0, 1, out bool isDone, out Noun result) ? new Peeked(protocol, isDone, result) : null,
            Tags.Peek => IsOutcome(rest, Tags.Done, Tags.Bail, out bool isDone, out Noun result) ? new Peeked(protocol, isDone, result) : null,
            Tags.Work when protocol is VereProtocol.One => ReadWork(rest),
            Tags.Play when protocol is VereProtocol.One => ReadPlay(rest),
            _ => new Unknown(message),
        };
        return gift ?? throw Shapes.Wrong("gift", protocol, tag, message);
    }

    private static bool IsOutcome(Noun rest, ulong done, ulong failed, out bool isDone, out Noun result)
    {
        bool isTagged = Shapes.IsTagged(rest, out ulong outcome, out result);
        isDone = outcome == done;
        return isTagged && (isDone || outcome == failed);
    }

    private static Ripe? ReadRipe(Noun rest, VereProtocol protocol)
    {
        if (rest is not Cell { Head: Cell { Tail: Noun about } version, Tail: Cell after } || !Shapes.IsNumber(version.Head, out ulong spoken))
            return null;
        if (spoken != (ulong)protocol)
            throw NounException.Shape($"the worker speaks protocol {spoken}, and protocol {(int)protocol} was expected of it", rest);
        Noun? identity = null;
        if (protocol is VereProtocol.Two)
        {
            if (after is not { Head: Cell { Head: Atom, Tail: Atom { BitLength: <= 1 } } who, Tail: Cell next })
                return null;
            identity = who;
            after = next;
        }
        return Shapes.IsEvent(after.Head, out EventNumber number) && Shapes.IsMug(after.Tail, out uint mug) ? new Ripe(protocol, about, identity, number, mug) : null;
    }

    private static VereGift? ReadWork(Noun rest)
    {
        if (!Shapes.IsTagged(rest, out ulong outcome, out Noun result))
            return null;
        if (outcome == Tags.Bail)
            return new PokeFailed(VereProtocol.One, result);
        if (result is not Cell { Tail: Cell { Head: Noun hash, Tail: Noun last } } numbered || !Shapes.IsEvent(numbered.Head, out EventNumber number) || !Shapes.IsMug(hash, out uint mug))
            return null;
        return outcome switch
        {
            Tags.Done => new Worked(number, mug, last),
            Tags.Swap => last is Cell { Head: Noun job, Tail: Noun effects } ? new Swapped(number, mug, job, effects) : null,
            _ => null,
        };
    }

    private static VereGift? ReadPlay(Noun rest)
    {
        if (!Shapes.IsTagged(rest, out ulong outcome, out Noun result))
            return null;
        return outcome switch
        {
            Tags.Done => Shapes.IsMug(result, out uint mug) ? new Played(mug) : null,
            Tags.Bail => result is Cell { Tail: Cell { Head: Noun hash, Tail: Noun goof } } at && Shapes.IsEvent(at.Head, out EventNumber number) && Shapes.IsMug(hash, out uint mug)
                ? new PlayFailed(number, mug, goof) : null,
            _ => null,
        };
    }

    /// <summary>The first message that is no text: where the worker stands. <c>[%ripe [2 wynn] [who fake] event mug]</c>; protocol 1: <c>[%ripe [1 hoon nock] event mug]</c>.</summary>
    /// <param name="Protocol">The protocol.</param>
    /// <param name="About">What follows its number: wynn, or the versions of hoon and nock.</param>
    /// <param name="Identity">Protocol 2: the ship, and 0 where it is fake.</param>
    /// <param name="Number">The last event.</param>
    /// <param name="Mug">The mug of the ship after it.</param>
    public sealed record Ripe(VereProtocol Protocol, Noun About, Noun? Identity, EventNumber Number, uint Mug) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun()
        {
            Noun place = new Cell(Number.Value, (ulong)Mug);
            return Cell.Of(Tags.Ripe, new Cell((ulong)Protocol, About), Identity is null ? place : new Cell(Identity, place));
        }
    }

    /// <summary>Protocol 2: an event was computed, and committed to the pier's log; <c>[%poke 0 effects]</c>, without its number.</summary>
    public sealed record Poked(Noun Effects) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Poke, 0, Effects);
    }

    /// <summary>Protocol 1: an event was computed; the king logs it. <c>[%work %done event mug effects]</c>.</summary>
    public sealed record Worked(EventNumber Number, uint Mug, Noun Effects) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Work, Tags.Done, Number.Value, (ulong)Mug, Effects);
    }

    /// <summary>Protocol 1: another event was computed instead, which is to be logged: <c>[%work %swap event mug job effects]</c>.</summary>
    /// <param name="Number">Its number.</param>
    /// <param name="Mug">The mug after it.</param>
    /// <param name="Job">The event, <c>[now wire card]</c>.</param>
    /// <param name="Effects">What it wants done.</param>
    public sealed record Swapped(EventNumber Number, uint Mug, Noun Job, Noun Effects) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Work, Tags.Swap, Number.Value, (ulong)Mug, Job, Effects);
    }

    /// <summary>No event came of it; nothing is logged, and no number taken. <c>[%poke 1 goofs]</c>; protocol 1: <c>[%work %bail goofs]</c>.</summary>
    public sealed record PokeFailed(VereProtocol Protocol, Noun Goofs) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Protocol is VereProtocol.Two ? Cell.Of(Tags.Poke, 1, Goofs) : Cell.Of(Tags.Work, Tags.Bail, Goofs);
    }

    /// <summary>Answers a peek: <c>[%peek 0 result]</c> or <c>[%peek 1 goof]</c>; protocol 1: <c>%done</c> and <c>%bail</c>.</summary>
    public sealed record Peeked(VereProtocol Protocol, bool IsDone, Noun Result) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Peek, Protocol is VereProtocol.Two ? Atom.Flag(IsDone) : IsDone ? Tags.Done : Tags.Bail, Result);
    }

    /// <summary>Protocol 1: <c>[%play %done mug]</c>.</summary>
    public sealed record Played(uint Mug) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Play, Tags.Done, (ulong)Mug);
    }

    /// <summary>Protocol 1: <c>[%play %bail event mug goof]</c>.</summary>
    public sealed record PlayFailed(EventNumber Number, uint Mug, Noun Goof) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Play, Tags.Bail, Number.Value, (ulong)Mug, Goof);
    }

    /// <summary>Answers housekeeping: <c>[%live ~]</c>.</summary>
    public sealed record Lived(Noun Result) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Live, Result);
    }

    /// <summary>Answers a question of memory: <c>[%quiz …]</c>.</summary>
    public sealed record Quizzed(Noun Result) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Quiz, Result);
    }

    /// <summary>Protocol 2: a snapshot was written, asked for or by the worker's timer: <c>[%sync event mug]</c>.</summary>
    public sealed record Synced(EventNumber Number, uint Mug) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Sync, Number.Value, (ulong)Mug);
    }

    /// <summary>Text for the terminal, at any time: <c>[%slog pri tank]</c>.</summary>
    public sealed record Slog(ulong Priority, Noun Tank) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Cell.Of(Tags.Slog, Priority, Tank);
    }

    /// <summary>Text for the terminal, as it is: <c>[%flog cord]</c>.</summary>
    public sealed record Flog(Noun Text) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => new Cell(Tags.Flog, Text);
    }

    /// <summary>Whatever else it is.</summary>
    public sealed record Unknown(Noun Message) : VereGift
    {
        /// <inheritdoc/>
        public override Noun ToNoun() => Message;
    }
}
