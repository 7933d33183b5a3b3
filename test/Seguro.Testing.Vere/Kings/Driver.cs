using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>One of the king's sides to the world. All its members are called in the king's loop.</summary>
abstract class Driver(King king) : IAsyncDisposable
{
    private readonly LinkedList<KingOvum> _ova = [];

    /// <summary>Ova that wait.</summary>
    public int Waiting => _ova.Count;

    /// <summary>Has it done what it does at the start?</summary>
    public bool IsLive { get; protected set; }

    /// <summary>The king.</summary>
    protected King King => king;

    /// <summary>The ship is there: say that it has begun.</summary>
    public abstract void Talk();

    /// <summary>Carries out an effect.</summary>
    /// <returns>False where it is not for this driver.</returns>
    public virtual bool Kick(Noun wire, Noun card) => false;

    /// <summary>Takes the next ovum.</summary>
    public KingOvum? Next()
    {
        KingOvum? next = _ova.First?.Value;
        if (next is not null)
            _ova.RemoveFirst();
        return next;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => StopAsync();

    /// <summary>Lets go of what it has bound.</summary>
    protected virtual ValueTask StopAsync() => ValueTask.CompletedTask;

    /// <summary>Adds an ovum behind the others.</summary>
    protected void Plan(KingOvum ovum)
    {
        _ova.AddLast(ovum);
        king.Spin();
    }

    /// <summary>Adds an ovum; <c>[wire card]</c>.</summary>
    protected void Plan(Noun wire, Noun card, Action? done = null, Action<Noun>? failed = null) => Plan(new KingOvum(new Cell(wire, card), done, failed));

    /// <summary>Drops the oldest that waits.</summary>
    protected void DropOldest() => _ova.RemoveFirst();

    /// <summary>Does the wire begin with this?</summary>
    protected static bool Begins(Noun wire, string first) => wire is Cell { Head: Atom head } && head.Equals(Cord.Of(first));

    /// <summary>A card's tag.</summary>
    protected static string TagOf(Noun card) => card is Cell { Head: Atom tag } ? Cord.Text(tag) : "";
}
