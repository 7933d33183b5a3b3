using System.Diagnostics;
using System.Globalization;
using Seguro.Nock.Pills;
using Seguro.Nouns;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>A king, from its command line to its end.</summary>
static class Kings
{
    /// <summary>Boots where that is asked for, then reigns.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        KingOptions options = KingOptions.Read(arguments);
        if (options.IsDaemon && !Daemon.IsChild)
            return await Daemon.StartAsync(arguments);
        if (Daemon.IsChild)
            Daemon.Leave();
        if (options.IsNew && await BootAsync(options) is not 0 and var code)
        {
            Console.Error.WriteLine("boot: failed");
            return code;
        }
        await using King king = new(options);
        return await king.RunAsync();
    }

    private static async Task<int> BootAsync(KingOptions options)
    {
        UInt128 ship = options.Fake ?? throw VereExit.Failed("boot: this program boots fake ships only (-F)");
        byte[] pill = options.Pill is { } file ? await File.ReadAllBytesAsync(file) : Jam.ToBytes(StandInKernel.Pill);
        if (StandInVersion.IsThree)
        {
            // A king of 3.x has the log, and gives its serf the events; here it computes them itself.
            BootWorker.Make(options.Pier, (Pill.Boot)Pill.Of(Cue.From(pill, CueLimits.Default with { Bytes = Array.MaxLength })),
            ship, options.MapSize, static slog => Console.Out.WriteLine(TankText.Of(((Cell)slog).Tail)));
            return 0;
        }
        Noun message = Cell.Of("boot", new Cell(Atom.Of(pill), 0), new Cell(Cord.Of("fake"), Atom.Of(ship)), 0);
        ProcessStartInfo start = new(options.Worker ?? Environment.ProcessPath!, [
            "boot", "--snap-dir", options.Pier, "--runtime-config", "128", "--temporary-cache-size", "50000", "--loom", options.Loom.ToString(CultureInfo.InvariantCulture), "--toss", "0",
            "--persistent-cache-size", "0", "--lmdb-map-size", options.MapSize.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process worker = Process.Start(start) ?? throw VereExit.Failed("boot: the worker did not start");
        await worker.StandardInput.BaseStream.WriteAsync(Newt.Frame(message));
        await worker.StandardInput.BaseStream.FlushAsync();
        while (await Newt.ReadAsync(worker.StandardOutput.BaseStream, int.MaxValue, CancellationToken.None) is { } frame)
        {
            if (VereGift.Read(Cue.From(frame), VereProtocol.Two) is VereGift.Slog slog)
                Console.Out.WriteLine(TankText.Of(slog.Tank));
        }
        await worker.WaitForExitAsync();
        return worker.ExitCode;
    }
}
