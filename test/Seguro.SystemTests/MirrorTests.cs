using System.Globalization;
using System.Text.Json;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary><c>seguro mirror</c> as a process, beside another that writes the pier's log as vere does; either killed at any moment.</summary>
public sealed class MirrorTests : IDisposable
{
    private const long MostMemory = 300L << 20;

    private readonly TemporaryFolder _folder = new("mirror");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Pier => _folder["pier"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sqlite", 11)]
    [InlineData("lmdb", 12)]
    [InlineData("postgresql", 13)]
    public async Task Killed_at_random_moments_mirror_and_writer_go_on_and_the_copy_is_exact(string engine, int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using PostgresCluster? cluster = engine == "postgresql" ? await PostgresCluster.StartAsync(standbys: 0) : null;
        string store = cluster is null ? $"{engine}:{_folder["store"]}" : cluster.Url;
        Random random = new(seed);
        MakePier(200);
        ulong written = 200;
        for (int round = 0; round < 5; round++)
        {
            await using PierWritingProcess writer = PierWritingProcess.Start(Pier, (ulong)seed, TimeSpan.FromMilliseconds(random.Next(0, 8)));
            await using SeguroProcess mirror = SeguroProcess.Start("mirror", Pier, "--store", store, "--ship", "~zod", "--json");
            await writer.ReachAsync(written + (ulong)random.Next(100, 600), Cancel);
            if (random.Next(2) == 0)
                await writer.KillAsync();
            else
                mirror.Kill();
            await writer.KillAsync();
            written = writer.Last;
            if (round % 2 == 1)
                Roll();
        }
        JsonElement once = (await SeguroProcess.RunAsync("mirror", Pier, "--store", store, "--once", "--json")).Ok().Json;
        Assert.True(once.GetProperty("head").GetUInt64() >= written, $"{once}, written {written}");
        JsonElement verified = (await SeguroProcess.RunAsync("pier", "verify", Pier, "--store", store, "--json")).Ok().Json;
        Assert.Equal((0UL, 0UL), (verified.GetProperty("pierAhead").GetUInt64(), verified.GetProperty("storeAhead").GetUInt64()));
        Assert.Equal(1UL, verified.GetProperty("first").GetUInt64());
    }

    [Fact]
    public async Task A_database_that_is_away_is_caught_up_and_the_status_says_what_it_knows()
    {
        await using PostgresCluster cluster = await PostgresCluster.StartAsync(standbys: 0);
        MakePier(200);
        await using PierWritingProcess writer = PierWritingProcess.Start(Pier, 5, TimeSpan.FromMilliseconds(10));
        int port = FreePort.Next();
        await using SeguroProcess mirror = SeguroProcess.Start("mirror", Pier, "--store", cluster.Url, "--metrics", $"127.0.0.1:{port}");
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await UntilAsync(http, static status => status.GetProperty("head").GetUInt64() > 300, mirror);

        await cluster.Primary.KillAsync();
        await UntilAsync(http, static status => status.GetProperty("state").GetString() == "store away" && status.GetProperty("lagSeconds").GetDouble() > 10, mirror);
        cluster.Primary.Start();
        await UntilAsync(http, static status => status.GetProperty("state").GetString() == "following" && status.GetProperty("lagEvents").GetUInt64() == 0, mirror);
        await writer.KillAsync();
        ulong written = writer.Last; // or a commit more, which it was killed before telling
        await UntilAsync(http, status => status.GetProperty("lagEvents").GetUInt64() == 0 && status.GetProperty("head").GetUInt64() >= written && !status.GetProperty("vere").GetProperty("running").GetBoolean(), mirror);

        ulong head = JsonDocument.Parse(await http.GetStringAsync("/status", Cancel)).RootElement.GetProperty("head").GetUInt64();
        string metrics = await http.GetStringAsync("/metrics", Cancel);
        Assert.Contains($"seguro_mirror_head{{ship=\"~zod\",cluster=\"mirror\"}} {head.ToString(CultureInfo.InvariantCulture)}", metrics, StringComparison.Ordinal);
        Assert.Contains("seguro_mirror_delay_seconds_bucket", metrics, StringComparison.Ordinal);
        Assert.Contains("\"healthy\":true", await http.GetStringAsync("/health", Cancel), StringComparison.Ordinal);
        JsonElement status = (await SeguroProcess.RunAsync("mirror", "status", "--store", cluster.Url, "--pier", Pier, "--json")).Ok().Json;
        Assert.Equal((head, 0UL), (status.GetProperty("head").GetUInt64(), status.GetProperty("lagEvents").GetUInt64()));
        Assert.StartsWith("mirror@", status.GetProperty("writer").GetString(), StringComparison.Ordinal);
        SeguroProcess.Result second = await SeguroProcess.RunAsync("mirror", Pier, "--store", cluster.Url, "--once");
        Assert.Equal(3, second.ExitCode);
        Assert.Contains("SG3002", second.Errors, StringComparison.Ordinal);

        mirror.Terminate();
        Assert.Equal(0, (await mirror.EndAsync()).ExitCode);
        (await SeguroProcess.RunAsync("pier", "verify", Pier, "--store", cluster.Url)).Ok();
    }

    [Fact]
    public async Task A_restore_of_the_mirror_is_the_pier_and_memory_stays_small()
    {
        MakePier(50);
        string store = $"sqlite:{_folder["store.db"]}";
        await using PierWritingProcess writer = PierWritingProcess.Start(Pier, 6, TimeSpan.FromMilliseconds(5), large: 30 << 20);
        await using SeguroProcess mirror = SeguroProcess.Start("mirror", Pier, "--store", store);
        await writer.ReachAsync(50 + 100, Cancel);
        await writer.KillAsync();
        mirror.Terminate();
        Assert.Equal(0, (await mirror.EndAsync()).ExitCode);
        Assert.InRange(mirror.PeakMemory, 1, MostMemory);
        (await SeguroProcess.RunAsync("mirror", Pier, "--store", store, "--once")).Ok();
        string[] restore = ["pier", "restore", _folder["restored"], "--store", store, "--for", "4.6"];
        SeguroProcess.Result refused = await SeguroProcess.RunAsync(restore);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("is a mirror's", refused.Errors, StringComparison.Ordinal);
        (await SeguroProcess.RunAsync([.. restore, "--machine-off", "--disk", "read"])).Ok();
        using Pier before = Seguro.Piers.Pier.Open(Pier, PierAccess.Offline);
        using Pier after = Seguro.Piers.Pier.Open(_folder["restored"], PierAccess.Offline);
        Assert.Equal((before.Info.Last, before.Info.Bytes, before.Info.Identity), (after.Info.Last, after.Info.Bytes, after.Info.Identity));
        Assert.True(before.Read(before.Info.First, before.Info.Last).Zip(after.Read(after.Info.First, after.Info.Last))
            .All(static pair => pair.First.Payload.Span.SequenceEqual(pair.Second.Payload.Span)));
    }

    [Fact]
    public async Task Real_piers_of_vere_4_and_3_are_mirrored()
    {
        foreach (string name in new[] { "zod", "zod-epochs", "zod-3.5" })
        {
            string pier = SharedData.CopyPier(name, _folder[name]);
            string store = $"sqlite:{_folder[name]}.db";
            JsonElement once = (await SeguroProcess.RunAsync("mirror", pier, "--store", store, "--once", "--json")).Ok().Json;
            using (Pier source = Seguro.Piers.Pier.Open(pier, PierAccess.Offline))
                Assert.Equal(source.Info.Last.Value, once.GetProperty("head").GetUInt64());
            (await SeguroProcess.RunAsync("pier", "verify", pier, "--store", store)).Ok();
        }
    }

    private static async Task UntilAsync(HttpClient http, Func<JsonElement, bool> isSo, SeguroProcess mirror)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        string last = "no answer";
        while (true)
        {
            try
            {
                last = await http.GetStringAsync("/status", limit.Token);
                if (isSo(JsonDocument.Parse(last).RootElement))
                    return;
                await timer.WaitForNextTickAsync(limit.Token);
            }
            catch (HttpRequestException) when (!mirror.HasExited)
            {
                await timer.WaitForNextTickAsync(limit.Token); // it does not listen yet
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                Assert.Fail($"not in 90 s; the last status: {last}");
            }
        }
    }

    private void MakePier(ulong last)
    {
        using PierWriter writer = PierWriter.Create(Pier, new PierIdentity(0, IsFake: true, Life: 5), EventNumber.None, "4.6");
        for (ulong number = 1; number <= last; number++)
            writer.Append(new EventNumber(number), WriterPayload.Of(99, number, 0));
        writer.Complete();
    }

    /// <summary>As vere does it between two runs: a new epoch after the last event, with the META of the one before and no table of events.</summary>
    private void Roll()
    {
        string log = Path.Combine(Pier, ".urb", "log");
        ulong last;
        using (Pier pier = Seguro.Piers.Pier.Open(Pier, PierAccess.Offline))
            last = pier.Info.Last.Value;
        string epoch = Directory.CreateDirectory(Path.Combine(log, $"0i{last}")).FullName;
        File.WriteAllText(Path.Combine(epoch, "epoc.txt"), "2");
        File.WriteAllText(Path.Combine(epoch, "vere.txt"), "4.6");
        File.Copy(Path.Combine(log, "data.mdb"), Path.Combine(epoch, "data.mdb"));
    }
}
