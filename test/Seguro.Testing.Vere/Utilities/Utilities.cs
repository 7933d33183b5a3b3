using Seguro.Nouns;

namespace Seguro.Testing.Vere;

/// <summary>The verbs that work on a pier whose ship is not running; each takes the lock (vere-facts.md §1.5).</summary>
static class Utilities
{
    /// <summary>Those that there are.</summary>
    public static bool Has(string verb) => verb is "play" or "info" or "roll" or "chop" or "queu";

    /// <summary>Runs one.</summary>
    /// <exception cref="VereExit">As vere ends where it refuses.</exception>
    public static int Run(IReadOnlyList<string> arguments)
    {
        UtilityOptions options = UtilityOptions.Read(arguments);
        using VerePier pier = options.Open();
        switch (arguments[0])
        {
            case "play":
                Play(pier, options);
                break;
            case "info":
                Console.Error.WriteLine($"urbit: {ShipName.Format(pier.Identity.Who)} at event {pier.Head}\ndisk: live=&, event={pier.Head}\nepochs: {string.Join(", ", pier.Epochs.Select(static epoch => $"0i{epoch}"))}");
                break;
            case "roll":
                Roll(pier);
                break;
            case "chop":
                Playback.Load(pier, isYolo: true, static _ => { });
                pier.Chop();
                break;
            default:
                Queue(pier, options.Until);
                break;
        }
        return 0;
    }

    private static void Play(VerePier pier, UtilityOptions options)
    {
        if (options.IsWatched)
            new Thread(EndWithKing) { IsBackground = true, Name = "king" }.Start();
        if (options.IsFull && pier.IsOld)
            throw VereExit.Failed("play: the epoch is of another format; replay with the vere that made it");
        if (options.IsFull)
            PierImage.Copy(pier.EpochFolder, PierImage.FolderOf(pier.Path));
        WorkerShip ship = Playback.Load(pier, options.IsYolo, static slog => Console.Error.WriteLine(TankText.Of(((Cell)slog).Tail)));
        Playback.Run(pier, ship, options.Until, options.SnapAt, options.IsSoft, options.IsYolo);
    }

    // The snapshot must be that of the last event. An epoch of one event counts as empty, as with vere.
    private static void Roll(VerePier pier)
    {
        WorkerShip ship = Playback.Load(pier, isYolo: true, static _ => { });
        if (ship.Number != pier.Head)
            throw VereExit.Failed($"roll: snapshot is out of date: have {ship.Number}, need {pier.Head}; run play first");
        if (pier.Head <= pier.Epoch + 1)
            Console.Error.WriteLine("roll: latest epoch already empty");
        else
            pier.Roll();
    }

    private static void Queue(VerePier pier, ulong number)
    {
        if (number == 0 || number > pier.Head)
            throw VereExit.Failed($"queu: event {number} is not in the log, which ends at {pier.Head}");
        string file = Path.Combine(pier.Path, ".urb", "roc", $"{number}.jam");
        WorkerShip ship = new(pier.Identity.Life, static _ => { });
        ship.Restore(number, Cue.From(File.ReadAllBytes(file), CueLimits.Default with { Bytes = Array.MaxLength }));
        Playback.Save(pier, ship);
    }

    private static void EndWithKing()
    {
        using Stream input = Console.OpenStandardInput();
        while (input.ReadByte() >= 0)
            continue;
        Console.Error.WriteLine("play: king disappeared");
        Environment.Exit(1);
    }
}
