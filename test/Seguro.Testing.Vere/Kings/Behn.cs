using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>Timers: the kernel says when to wake it.</summary>
sealed class Behn(King king) : Driver(king)
{
    private const int Tries = 3;
    private static readonly TimeSpan Backstop = TimeSpan.FromMinutes(10);
    private static readonly Noun Wire = NounList.Path("b", "behn");
    private Timer? _timer;
    private ulong _doze;

    /// <inheritdoc/>
    public override void Talk() => Plan(NounList.Of("b", "behn", Clock.Instance()), Cell.Of("born", 0), () => IsLive = true);

    /// <inheritdoc/>
    public override bool Kick(Noun wire, Noun card)
    {
        if (!Begins(wire, "behn"))
            return false;
        if (TagOf(card) == "doze")
            Doze(((Cell)card).Tail);
        return true;
    }

    /// <inheritdoc/>
    protected override ValueTask StopAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Doze(Noun unit)
    {
        _timer?.Dispose();
        _timer = null;
        ulong mine = ++_doze;
        if (unit is not Cell { Tail: Atom date } || !date.TryGet(out UInt128 time))
            return;
        DateTimeOffset when = DateAtom.TryToTime(time, out DateTimeOffset moment) ? moment : DateTimeOffset.MaxValue;
        TimeSpan left = when - DateTimeOffset.UtcNow;
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left > Backstop ? Backstop : left;
        // A millisecond is the finest that the timer has; the kernel must not be woken before its time.
        _timer = new Timer(_ => { _ = King.PostAsync(() => Ring(mine)).AsTask(); }, null, left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void Ring(ulong doze)
    {
        if (doze == _doze)
            Wake(1);
    }

    private void Wake(int attempt) => Plan(Wire, Cell.Of("wake", 0), failed: _ =>
    {
        if (attempt == Tries)
            King.Bail("behn: wake failed");
        else
            Wake(attempt + 1);
    });
}
