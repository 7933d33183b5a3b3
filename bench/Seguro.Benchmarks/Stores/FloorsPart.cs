using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>
/// What nothing on this machine can be faster than: a flush of the disk that the databases are on, a round trip through loopback, a commit of bare
/// LMDB (what vere does for each event today).
/// </summary>
internal sealed class FloorsPart : IBenchmarkPart
{
    private const string Contestant = "floor";
    private const int Bytes = 500;

    public string Name => "floors";

    public string Description => "fdatasync, a loopback round trip, a bare LMDB commit, and the disk's flushes while idle.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using TemporaryFolder folder = new("bench");
        using ScoreBook book = new(Name, run);
        FlushMeter? flushes = FlushMeter.For(folder.Path);
        if (flushes is null)
            run.Note("Flushes are not counted: the kernel has no figure for the device that the temporary folder is on.");
        Score disk = Of(book, "fdatasync of 512 B appended to a file", "disk", 512);
        Score network = Of(book, "loopback TCP round trip of 1 B", "loopback", 1);
        Score lmdb = Of(book, "bare LMDB commit of an event of 500 B", "lmdb", Bytes);
        TimeSpan longest = run.Options.Pick(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(0.5));
        for (int round = 1; round <= run.Options.Rounds; round++)
        {
            run.Say($"floors: round {round} of {run.Options.Rounds}");
            MeasureDisk(folder[$"file{round}"], disk, longest, flushes);
            MeasureLoopback(network, longest);
            await using BareLmdb bare = new(folder[$"lmdb{round}"]);
            await new TurnAbout(flushes).RunAsync([new Turn(bare, 1, lmdb)], Bytes, new TurnPlan(100, 2000, 200, longest), cancel);
            await bare.CheckAsync(cancel);
        }
        if (flushes is not null)
            run.Add(await MeasureIdleAsync(flushes, longest, cancel));
    }

    private static Score Of(ScoreBook book, string workload, string subject, int bytes) =>
        book.Of(workload, subject, Contestant, new Dictionary<string, double> { [Parameter.Bytes] = bytes });

    /// <summary>What others on this machine flush meanwhile: so much of each figure of flushes is not the contestant's.</summary>
    private static async Task<Measurement> MeasureIdleAsync(FlushMeter flushes, TimeSpan time, CancellationToken cancel)
    {
        long before = flushes.Read();
        long start = Stopwatch.GetTimestamp();
        await Task.Delay(time, cancel);
        double rate = (flushes.Read() - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Measurement
        {
            Part = "floors",
            Workload = "flushes by others, while this program waits",
            Subject = "disk",
            Contestant = Contestant,
            More = new Dictionary<string, double> { ["flushes a second"] = rate },
        };
    }

    private static void MeasureDisk(string path, Score score, TimeSpan longest, FlushMeter? flushes)
    {
        byte[] block = new byte[512];
        Random.Shared.NextBytes(block);
        using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        long before = flushes?.Read() ?? 0;
        int done = Repeat(score, block.Length, longest, () =>
        {
            file.Write(block);
            FlushMeter.FlushData(file.SafeFileHandle);
        });
        if (flushes is not null)
            score.AddFlushes(flushes.Read() - before, done);
    }

    private static void MeasureLoopback(Score score, TimeSpan longest)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Thread echo = new(() =>
        {
            using Socket accepted = listener.Accept();
            accepted.NoDelay = true;
            Span<byte> heard = stackalloc byte[1];
            while (accepted.Receive(heard) > 0)
                accepted.Send(heard);
        })
        { IsBackground = true };
        echo.Start();
        using (Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            socket.Connect(listener.LocalEndPoint!);
            byte[] one = new byte[1];
            Repeat(score, one.Length, longest / 2, () =>
            {
                socket.Send(one);
                if (socket.Receive(one) != 1)
                    throw new InvalidOperationException("The echo ended.");
            });
        }
        echo.Join();
    }

    /// <summary>Measures one thing again and again: 100 times to warm up, and then as often as there is time.</summary>
    /// <returns>How often.</returns>
    private static int Repeat(Score score, int bytes, TimeSpan longest, Action act)
    {
        for (int i = 0; i < 100; i++)
            act();
        long begin = Stopwatch.GetTimestamp();
        int done = 100;
        while (Stopwatch.GetElapsedTime(begin) < longest)
        {
            long start = Stopwatch.GetTimestamp();
            act();
            score.Add((long)Stopwatch.GetElapsedTime(start).TotalNanoseconds, 1, bytes);
            done++;
        }
        score.EndRound();
        return done;
    }
}
