using System.Collections.Concurrent;
using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>Three processes of <c>seguro harbor serve</c> over one storage, behind a plain TCP balancer.</summary>
public sealed class HarborServiceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_of_three_instances_is_killed_under_load_and_nothing_is_lost_or_doubled()
    {
        const int Writers = 8, Objects = 60;
        using TemporaryFolder folder = new("serve");
        Directory.CreateDirectory(folder["storage"]);
        ServiceCertificateFiles files = ServiceCertificateFiles.Make(folder["service"]);
        int[] ports = [FreePort.Next(), FreePort.Next(), FreePort.Next()];
        (await SeguroProcess.RunAsync("harbor", "key", "access", folder["zod"])).Ok();
        using AccessKey access = AccessKey.Read(AccessKey.FileOf(folder["zod"]));
        (await SeguroProcess.RunAsync("harbor", "owner", "add", $"file:{folder["storage"]}", "zod", access.PublicText)).Ok();
        List<SeguroProcess> instances = [];
        try
        {
            foreach (int port in ports)
            {
                instances.Add(SeguroProcess.Start(
                    "harbor", "serve", $"file:{folder["storage"]}", "--listen", $"127.0.0.1:{port}", "--certificate", files.Certificate, "--private-key", files.Key, "--balancer", "127.0.0.1"));
            }
            string Url(int port) => $"harbor://127.0.0.1:{port}/zod?key={AccessKey.FileOf(folder["zod"])}&authority={files.Certificate}";
            foreach (int port in ports)
                await ReadyAsync(Url(port));
            await using TcpBalancer balancer = new(ports);
            ConcurrentDictionary<string, byte[]> made = new();
            int count = 0;
            TaskCompletionSource isBusy = new();
            Task load = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
            {
                await using IHarborTarget target = HarborTarget.Open(Url(balancer.Port));
                for (int i = 0; i < Objects; i++)
                {
                    byte[] content = RandomNumberGenerator.GetBytes(20_000);
                    string name = $"a/e/{writer}-{i}";
                    if (await PutAsync(target, name, content))
                        made[name] = content;
                    if (Interlocked.Increment(ref count) == Writers * Objects / 4)
                        isBusy.SetResult();
                }
            }, Cancel)));
            await Task.WhenAny(isBusy.Task, load);
            instances[1].Kill();
            await load;
            Assert.Equal(Writers * Objects, made.Count);
            Assert.All(balancer.Taken.Take(3), static taken => Assert.True(taken > 0));
            await using IHarborTarget reader = HarborTarget.Open(Url(ports[2]));
            List<TargetObject> listed = await reader.ListAsync("a", Cancel).ToListAsync(Cancel);
            Assert.Equal(made.Keys.Order(StringComparer.Ordinal), listed.Select(static one => one.Name));
            foreach ((string name, byte[] content) in made)
                Assert.Equal(content, await ReadAsync(reader, name));
            instances[0].Terminate();
            Assert.Equal(0, (await instances[0].EndAsync()).ExitCode);
            SeguroProcess.Result account = (await SeguroProcess.RunAsync("harbor", "account", Url(ports[2]), "--audit", "--json")).Ok();
            Assert.Equal($"{Writers * Objects}", account.Json.GetProperty("account").GetProperty("objects").GetString());
            // Of those that are not the killed one's: what it did in its last minute is the most that is missing.
            Assert.Contains(account.Json.GetProperty("audit").EnumerateArray(), static line => line.GetString()!.Contains(" put ok a/e/", StringComparison.Ordinal));
        }
        finally
        {
            foreach (SeguroProcess instance in instances)
                await instance.DisposeAsync();
        }
    }

    /// <summary>Puts it, and tries again where an instance went away: what is there then is looked at.</summary>
    private static async Task<bool> PutAsync(IHarborTarget target, string name, byte[] content)
    {
        const int Attempts = 20;
        bool isUnknown = false;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await target.PutAsync(name, new MemoryStream(content), Cancel) || (isUnknown && (await ReadAsync(target, name)).AsSpan().SequenceEqual(content));
            }
            catch (SeguroException passing) when (passing.Code is ErrorCode.HarborUnavailable && attempt < Attempts)
            {
                isUnknown = true;
                await Task.Delay(50, Cancel);
            }
        }
    }

    private static async Task<byte[]> ReadAsync(IHarborTarget target, string name)
    {
        await using Stream source = await target.GetAsync(name, null, Cancel);
        MemoryStream all = new();
        await source.CopyToAsync(all, Cancel);
        return all.ToArray();
    }

    private static async Task ReadyAsync(string url)
    {
        await using IHarborTarget target = HarborTarget.Open(url);
        while (true)
        {
            try
            {
                Assert.Empty(await target.ListAsync("a", Cancel).ToListAsync(Cancel));
                return;
            }
            catch (SeguroException away) when (away.Code is ErrorCode.HarborUnavailable)
            {
                await Task.Delay(100, Cancel); // it starts
            }
        }
    }
}
