using Seguro.Vere.Protocol;

namespace Seguro.Vere.Running;

/// <summary>What a standby hands to a run: a worker that computed all of the log and has true time again, and a king that waits for it.</summary>
public sealed class HandedShip
{
    internal HandedShip(ChildProcess worker, VereGift.Ripe ripe, WaitingKing? king, PrintLog prints)
    {
        Worker = worker;
        Ripe = ripe;
        King = king;
        Prints = prints;
    }

    /// <summary>The worker, idle.</summary>
    internal ChildProcess Worker { get; }

    /// <summary>What it would say of itself now (vere-facts.md §13.5).</summary>
    internal VereGift.Ripe Ripe { get; }

    /// <summary>The king, where one waits.</summary>
    internal WaitingKing? King { get; }

    /// <summary>Takes what both print.</summary>
    internal PrintLog Prints { get; }
}
