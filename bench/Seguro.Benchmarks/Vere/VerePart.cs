using System.Globalization;
using Seguro.Cli.Demo;
using Seguro.Node.Configuration;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>
/// A ship on vere, gated by three members, beside the same king and worker by themselves, in turns: what a request costs, how many are answered in a second, and how long a takeover takes.
/// The stand-in for vere, and the user's own where one is named.
/// </summary>
internal sealed class VerePart : IBenchmarkPart
{
    /// <summary>Its name.</summary>
    public const string Part = "vere";

    /// <summary>The master's lease, in milliseconds.</summary>
    public const int Lease = 1000;

    public string Name => Part;

    public string Description => "A ship on vere: requests through the relay, takeovers, a mirror, beside the same king and worker by themselves.";

    public async Task RunAsync(BenchmarkRun run, CancellationToken cancel)
    {
        using (TemporaryFolder folder = new("bench"))
        {
            string booted = folder["booted"];
            await Tool.RunAsync([StandInVere.Program, "-F", "zod", "-t", "-x", .. Ports().Text.Split(' '), "-c", booted]);
            await MeasureAsync(run, "stand-in", StandInVere.Program, booted, cancel);
        }
        if (run.Options.VereBinary is { } binary && run.Options.VerePier is { } pier)
            await MeasureAsync(run, "vere", Path.GetFullPath(binary), Path.GetFullPath(pier), cancel);
        else
            run.Note("vere: only the stand-in was measured; --vere-binary and --vere-pier name a vere, and the stopped pier of a fake ~zod.");
    }

    private static async Task MeasureAsync(BenchmarkRun run, string subject, string binary, string pier, CancellationToken cancel)
    {
        using TemporaryFolder folder = new("bench");
        using Watchdog watchdog = new();
        watchdog.Folder(folder.Path);
        string own = folder["own"];
        await Tool.RunAsync(["cp", "-a", "--sparse=always", pier, own]);
        (string text, int http) = Ports();
        await using DemoMembers members = await DemoMembers.StartAsync(folder.Path, "~zod", new DemoVere(binary, text, pier, [$"lease={Lease}ms"]), cancel);
        foreach ((_, int id) in members.Processes)
            watchdog.Process(id);
        await using VereAlone alone = await VereAlone.StartAsync(folder.Path, binary, own, watchdog.Process, cancel);
        VereSubject ship = new(subject, members, new(System.Net.IPAddress.Loopback, http), alone, own, watchdog);
        await members.UntilMasterAsync(0, 2, cancel);
        await VereRequests.RunAsync(run, ship, cancel);
        await VereMirror.RunAsync(run, ship, folder.Path, cancel);
        await VereTakeovers.RunAsync(run, ship, cancel);
    }

    private static (string Text, int Http) Ports()
    {
        int[] ports = FreePorts.Take(2);
        return (string.Create(CultureInfo.InvariantCulture, $"-p {ports[0]} --http-port {ports[1]}"), ports[1]);
    }
}
