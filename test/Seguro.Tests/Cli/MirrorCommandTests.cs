using System.Text.Json;
using Seguro.Core;
using Seguro.Piers.Transfer;
using Seguro.Testing;
using Seguro.Tests.Vere.Mirror;

namespace Seguro.Tests.Cli;

public sealed class MirrorCommandTests : IAsyncLifetime
{
    private readonly MirrorBed _bed = new();

    public ValueTask InitializeAsync()
    {
        _bed.MakePier(50);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task Once_copies_what_is_there_and_ends()
    {
        JsonElement first = (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", _bed.Url, "--once", "--json")).Ok().Json;
        Assert.Equal(50UL, first.GetProperty("copied").GetUInt64());
        Assert.Equal((50UL, 0UL, "following"), (first.GetProperty("head").GetUInt64(), first.GetProperty("lagEvents").GetUInt64(), first.GetProperty("state").GetString()));
        _bed.Write(60);
        JsonElement second = (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", _bed.Url, "--ship", "~zod", "--once", "--json")).Ok().Json;
        Assert.Equal((60UL, 10UL), (second.GetProperty("head").GetUInt64(), second.GetProperty("copied").GetUInt64()));
        (await CommandRun.OfAsync("pier", "verify", _bed.Pier, "--store", _bed.Url)).Ok();
        Assert.StartsWith("mirrored 60 ", (await CommandRun.OfAsync("log", "head", "--store", _bed.Url, "--json")).Ok().Json.GetProperty("custody").GetString(), StringComparison.Ordinal);
        Assert.Contains("pier 60, store 60, nothing is missing", (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", _bed.Url, "--once")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_says_how_far_it_is_and_ends_with_4_when_nobody_follows()
    {
        await _bed.OnceAsync();
        _bed.Write(55);
        JsonElement stored = (await CommandRun.OfAsync("mirror", "status", "--store", _bed.Url, "--json")).Ok().Json;
        Assert.Equal((50UL, 50UL, false), (stored.GetProperty("seen").GetUInt64(), stored.GetProperty("head").GetUInt64(), stored.GetProperty("silent").GetBoolean()));
        JsonElement seen = (await CommandRun.OfAsync("mirror", "status", "--store", _bed.Url, "--ship", "~zod", "--pier", _bed.Pier, "--json")).Ok().Json;
        Assert.Equal((55UL, 5UL), (seen.GetProperty("seen").GetUInt64(), seen.GetProperty("lagEvents").GetUInt64()));

        await using (IStore store = await _bed.OpenStoreAsync(TestContext.Current.CancellationToken))
        {
            await using EventLog log = new((await store.OpenLogAsync(MirrorBed.Zod, TestContext.Current.CancellationToken))!, store.Capabilities);
            LeaseOutcome.Done won = (LeaseOutcome.Done)await log.Stored.CampaignAsync(
                (await log.ReadStateAsync(TestContext.Current.CancellationToken)).Lease, "test", TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.Stored.ReadMetadataAsync(TestContext.Current.CancellationToken);
            Custody old = Custody.Read(metadata)! with { At = DateTimeOffset.UtcNow.AddMinutes(-2) };
            await LogMetadata.SetAsync(log, won.Lease.Term, MetadataKey.Custody, metadata[MetadataKey.Custody], old.ToBytes(), TestContext.Current.CancellationToken);
        }
        CommandRun silent = await CommandRun.OfAsync("mirror", "status", "--store", _bed.Url);
        silent.Fails("SG4010", 4, "nobody has followed", "event 50");
    }

    [Fact]
    public async Task A_log_that_is_not_mirrored_says_so_and_one_that_is_warns_when_it_is_exported()
    {
        (await CommandRun.OfAsync("pier", "import", _bed.Pier, "--store", _bed.Url)).Ok();
        (await CommandRun.OfAsync("mirror", "status", "--store", _bed.Url)).Fails("SG1012", 1, "not mirrored");
        await _bed.OnceAsync();
        Assert.Contains("the log of ~zod is a mirror's", (await CommandRun.OfAsync("pier", "export", _bed["export"], "--store", _bed.Url)).Ok().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pier_is_not_its_own_mirror()
    {
        IReadOnlyDictionary<string, string> before = _bed.Fingerprint();
        Directory.CreateSymbolicLink(_bed["link"], _bed.Pier);
        foreach (string store in new[] { $"lmdb:{_bed.Pier}", $"lmdb:{_bed.Pier}/", $"lmdb:{_bed["link"]}" })
            (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", store, "--once")).Fails("SG2003", 2, "the pier itself");
        Assert.Equal(before, _bed.Fingerprint());
    }

    [Fact]
    public async Task A_unit_for_systemd_reads_the_pier_and_writes_the_store_and_holds_no_password()
    {
        string unit = (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", _bed.Url, "--ship", "~zod", "--metrics", "127.0.0.1:9464", "--systemd")).Ok().Output;
        Assert.Contains($" mirror {_bed.Pier} --store {_bed.Url} --ship ~zod --metrics 127.0.0.1:9464\n", unit, StringComparison.Ordinal);
        Assert.Contains($"ReadOnlyPaths={_bed.Pier}\n", unit, StringComparison.Ordinal);
        Assert.Contains($"ReadWritePaths={Path.GetDirectoryName(_bed.Pier)}\n", unit, StringComparison.Ordinal);
        (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", "postgresql://me:secret@db/ships", "--systemd")).Fails("SG2003", 2, "password");
        string file = _bed["url"];
        await File.WriteAllTextAsync(file, "postgresql://me:secret@db/ships\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        CommandRun secret = (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", $"@{file}", "--systemd")).Ok();
        Assert.Contains($"--store @{file}", secret.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", secret.Output, StringComparison.Ordinal);
        CommandRun named = await CommandRun.OfAsync("mirror", _bed.Pier, "--store", "postgresql://me@db/ships", "--systemd");
        Assert.Contains("--store postgresql://me@db/ships", named.Ok().Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ReadWritePaths", named.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_stay_on_this_machine() =>
        (await CommandRun.OfAsync("mirror", _bed.Pier, "--store", _bed.Url, "--metrics", "0.0.0.0:0")).Fails("SG3014", 3, "127.0.0.1");
}
