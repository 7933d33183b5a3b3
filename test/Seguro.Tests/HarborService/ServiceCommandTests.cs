using System.Text.Json;
using Seguro.Harbor.Targets;
using Seguro.Testing;
using Seguro.Tests.Cli;

namespace Seguro.Tests.HarborService;

/// <summary>The verbs of a provider and of an owner.</summary>
public sealed class ServiceCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_a_key_to_a_backup_at_a_provider_and_what_it_says_of_it()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync();
        string storage = $"file:{fixture["storage"]}";
        string known = (await CommandRun.OfAsync("harbor", "key", "access", fixture["nec"], "--json")).Ok().Json.GetProperty("publicKey").GetString()!;
        (await CommandRun.OfAsync("harbor", "key", "access", fixture["nec"])).Fails("SG3012", 3);
        (await CommandRun.OfAsync("harbor", "owner", "add", storage, "nec", known, "--bytes", "50MiB", "--objects", "100")).Ok();
        JsonElement listed = (await CommandRun.OfAsync("harbor", "owner", "list", storage, "nec", "--json")).Ok().Json.GetProperty("owners")[0];
        Assert.Equal((known, 50L << 20, 100, "all"), (listed.GetProperty("key").GetString(), listed.GetProperty("bytesMost").GetInt64(), listed.GetProperty("objectsMost").GetInt32(), listed.GetProperty("rights").GetString()));

        string url = fixture.Url("nec");
        (await CommandRun.OfAsync("harbor", "key", "new", fixture["ship"])).Ok();
        string zod = $"lmdb:{Path.Combine(SharedData.Path, "zod")}";
        (await CommandRun.OfAsync("harbor", "attach", url, "--key", fixture["ship.harbor"], "--store", zod)).Ok();
        (await CommandRun.OfAsync("harbor", "backup", url, "--key", fixture["ship.harbor"], "--store", zod)).Ok();
        (await CommandRun.OfAsync("harbor", "restore", url, "--identity", fixture["ship.identity"], "--ship", "~zod", "--pier", fixture["back"])).Ok();
        (await CommandRun.OfAsync("pier", "verify", fixture["back"], "--store", zod)).Ok();

        CommandRun account = (await CommandRun.OfAsync("harbor", "account", url, "--audit")).Ok();
        Assert.Contains("objects-most", account.Output, StringComparison.Ordinal);
        Assert.Contains(" put ok ", account.Output, StringComparison.Ordinal);
        Assert.Contains("MB in", (await CommandRun.OfAsync("harbor", "owner", "list", storage, "nec", "--count")).Ok().Output, StringComparison.Ordinal);
        (await CommandRun.OfAsync("harbor", "owner", "remove", storage, "nec")).Ok();
        (await CommandRun.OfAsync("harbor", "owner", "remove", storage, "nec")).Fails("SG1012", 1, "no such key");
    }

    [Fact]
    public async Task What_is_wrong_is_said()
    {
        using TemporaryFolder folder = new("service");
        Directory.CreateDirectory(folder["storage"]);
        string storage = $"file:{folder["storage"]}";
        (await CommandRun.OfAsync("harbor", "owner", "add", storage, "nec", "abc")).Fails("SG2003", 2, "public key");
        string known = new('0', 64);
        (await CommandRun.OfAsync("harbor", "owner", "add", storage, "../nec", known)).Fails("SG2003", 2, "owner's name");
        (await CommandRun.OfAsync("harbor", "owner", "add", storage, "nec", known, "--bytes", "much")).Fails("SG2003", 2, "--bytes");
        (await CommandRun.OfAsync("harbor", "account", storage)).Fails("SG2003", 2, "no accounts");
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "0.0.0.0:0")).Fails("SG3014", 3, "proxy");
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "127.0.0.1:0")).Fails("SG3014", 3, "--host");
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "127.0.0.1")).Fails("SG2003", 2, "IP:PORT");
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "127.0.0.1:0", "--certificate", folder["none.crt"])).Fails("SG2000", 2, "private-key");
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "127.0.0.1:0", "--certificate", folder["none.crt"], "--private-key", folder["none.key"])).Fails("SG1012", 1, "none.crt");
        ServiceCertificateFiles files = ServiceCertificateFiles.Make(folder["service"]);
        File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        (await CommandRun.OfAsync("harbor", "serve", storage, "--listen", "127.0.0.1:0", "--certificate", files.Certificate, "--private-key", files.Key)).Fails("SG3022", 3, "chmod 600");
        (await CommandRun.OfAsync("harbor", "serve", $"file:{folder["unmounted"]}", "--listen", "127.0.0.1:0", "--host", "127.0.0.1")).Fails("SG1060", 1, "unmounted");
    }

    [Fact]
    public async Task A_bucket_is_a_storage_and_two_instances_share_it()
    {
        using TemporaryFolder folder = new("s3");
        await using MotoServer server = await MotoServer.StartAsync(folder["log"], Cancel);
        await File.WriteAllTextAsync(folder["credentials"], "key\nsecret\n", Cancel);
        File.SetUnixFileMode(folder["credentials"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using (HttpClient client = new())
            (await client.PutAsync(new Uri($"{server.Endpoint}/bucket"), null, Cancel)).Dispose();
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(storage: HarborTarget.Open($"s3://bucket/provider?endpoint={server.Endpoint}&credentials={folder["credentials"]}"), instances: 2);
        IHarborTarget[] targets = [fixture.Open(), fixture.Open(instance: 1)];
        await TargetProbe.RunAsync(targets[0], Cancel);
        byte[] content = new byte[3_000_000];
        Random.Shared.NextBytes(content);
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => targets[i % 2].PutAsync("a/e/1", new MemoryStream(content), Cancel)));
        Assert.Single(won, static one => one);
        MemoryStream all = new();
        await using (Stream source = await targets[1].GetAsync("a/e/1", null, Cancel))
            await source.CopyToAsync(all, Cancel);
        Assert.Equal(content, all.ToArray());
        foreach (IHarborTarget target in targets)
            await target.DisposeAsync();
    }
}
