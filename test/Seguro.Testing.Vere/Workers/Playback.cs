using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>
/// What vere does with a pier before it takes events: the snapshot's checks, the roll of a new runtime, the replay of what the snapshot lacks
/// (vere-facts.md §1.3, §5a "Start", §13.2).
/// </summary>
static class Playback
{
    /// <summary>vere looks after so many events whether it has reached where it was to stop.</summary>
    public const int Batch = 1024;

    /// <summary>Takes up the snapshot.</summary>
    /// <exception cref="VereExit">It does not belong to this log, or the runtime has changed before it reached the log's end.</exception>
    public static WorkerShip Load(VerePier pier, bool isYolo, Action<Noun> slog)
    {
        WorkerShip ship = new(pier.Identity.Life, slog);
        PierImage.Load(PierImage.FolderOf(pier.Path), ship, StandInVersion.IsThree || pier.IsOld);
        if (ship.Number > pier.Head)
            throw VereExit.Failed($"disk: snapshot ({ship.Number}) from future (log={pier.Head})");
        if (ship.Number < pier.Epoch)
            throw VereExit.Failed($"disk: snapshot ({ship.Number}) out of epoch ({pier.Epoch})");
        bool isFirstStart = pier.Epoch == 0 && pier.Head > 0 && ship.Number == 0;
        if (pier.IsOld)
        {
            if (ship.Number != pier.Head)
                throw VereExit.Failed($"disk: snapshot is out of date: have {ship.Number}, need {pier.Head}; replay with vere {pier.EpochVersion} first");
            Save(pier, ship);
            pier.Roll();
            PierImage.DeleteOld(PierImage.FolderOf(pier.Path));
            return ship;
        }
        if (pier.EpochVersion == StandInVersion.Text || isYolo || isFirstStart)
            return ship;
        if (ship.Number != pier.Head)
        {
            throw VereExit.Failed(
                $"disk: snapshot is out of date: have {ship.Number}, need {pier.Head}; replay with vere {pier.EpochVersion} first, this is {StandInVersion.Text}");
        }
        pier.Roll();
        return ship;
    }

    /// <summary>Computes what the snapshot lacks, saves, and rolls an epoch 0 whose end it reached.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="ship">Its ship.</param>
    /// <param name="until">It stops after the batch in which this event is; 0: at the log's end.</param>
    /// <param name="snapAt">It also saves after so many events; 0: it does not.</param>
    /// <param name="isSoft">Are other mugs than the log's taken?</param>
    /// <param name="isYolo">Is epoch 0 kept?</param>
    /// <exception cref="VereExit">An event is another here, crashes, or is missing; what went well is saved.</exception>
    public static void Run(VerePier pier, WorkerShip ship, ulong until, ulong snapAt, bool isSoft, bool isYolo)
    {
        if (ship.Number == pier.Head)
            return;
        Console.Error.WriteLine($"---------------- playback starting ----------------\nplay: events {ship.Number + 1}-{pier.Head}");
        ulong saved = ship.Number;
        while (ship.Number < pier.Head && (until == 0 || ship.Number < until))
        {
            ulong last = ship.Number < ship.Life ? ship.Life : Math.Min(pier.Head, ship.Number + Batch);
            while (ship.Number < last)
            {
                try
                {
                    if (!ship.TryReplay(pier.Read(ship.Number + 1), isSoft, out string? complaint))
                        throw VereExit.Failed(complaint!);
                    if (complaint is not null)
                        Console.Error.WriteLine(complaint);
                }
                catch (VereExit)
                {
                    if (ship.Number > saved)
                        Save(pier, ship);
                    throw;
                }
            }
            if (snapAt != 0 && ship.Number - saved >= snapAt)
            {
                Save(pier, ship);
                saved = ship.Number;
            }
        }
        Save(pier, ship);
        Console.Error.WriteLine($"play ({ship.Number}): done\n---------------- playback complete ----------------");
        if (ship.Number == pier.Head && pier.Epoch == 0 && !isYolo)
            pier.Roll();
    }

    /// <summary>Saves a ship's state as its pier's snapshot.</summary>
    public static void Save(VerePier pier, WorkerShip ship) => PierImage.Save(pier.Path, ship.Number, ship.State);
}
