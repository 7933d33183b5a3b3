using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Owners;
using Seguro.Testing;
using Seguro.Tests.Harbor;

namespace Seguro.Tests.HarborService;

/// <summary>What owners may hold, what they are told, and that nobody but they can read it.</summary>
public sealed class ServiceOwnersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_quota_of_bytes_and_of_objects_is_kept_and_said()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync();
        await fixture.AddAsync("nec", bytes: 10_000, objects: 4);
        await using IHarborTarget target = fixture.Open("nec");
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream(new byte[4000]), Cancel));
        SeguroException full = await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/2", new MemoryStream(new byte[7000]), Cancel));
        Assert.Equal(ErrorCode.DiskFull, full.Code);
        Assert.Contains("nec holds 4000 bytes in 1 objects, may hold 10000 in 4", full.Message, StringComparison.Ordinal);
        Assert.False(await target.PutAsync("a/e/1", new MemoryStream(new byte[4000]), Cancel)); // there already: costs nothing
        // Of many at once no more are taken than fit.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(TryPutAsync));
        for (int i = 8; i < 12; i++)
            await TryPutAsync(i); // what was counted twice while many came is counted once again
        Assert.Equal((4030, 4), await fixture.Registry.CountAsync("nec", Cancel));
        Assert.Equal(["owner nec", "bytes 4030", "bytes-most 10000", "objects 4", "objects-most 4", "rights all"], (await ((IHarborAccount)target).ReadAccountAsync(Cancel).ToListAsync(Cancel))[..6]);

        async Task TryPutAsync(int i)
        {
            await using IHarborTarget one = fixture.Open("nec");
            try
            {
                await one.PutAsync($"a/s/{i}", new MemoryStream(new byte[10]), Cancel);
            }
            catch (SeguroException refused) when (refused.Code is ErrorCode.DiskFull)
            {
                // As it must be for most.
            }
        }
    }

    [Fact]
    public async Task What_is_written_down_of_removals_counts_and_can_not_be_made_without_end()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync();
        await fixture.AddAsync("nec", bytes: 20_000, objects: 5);
        await using IHarborTarget target = fixture.Open("nec");
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream(new byte[15_000]), Cancel));
        Assert.Equal(ErrorCode.DiskFull, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/2", new MemoryStream(new byte[15_000]), Cancel))).Code);
        await target.DeleteAsync("a/e/1", Cancel);
        Assert.True(await target.PutAsync("a/e/2", new MemoryStream(new byte[15_000]), Cancel)); // its room is free again
        Assert.Equal(2, (await fixture.Registry.CountAsync("nec", Cancel)).Objects); // one object, one note
        for (int i = 0; i < 3; i++)
            await target.DeleteAsync("a/e/1", Cancel); // there is none: a note all the same
        Assert.Equal(ErrorCode.DiskFull, (await Assert.ThrowsAsync<SeguroException>(() => target.DeleteAsync("a/e/1", Cancel))).Code);
        Assert.Equal(ErrorCode.DiskFull, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/3", new MemoryStream([1]), Cancel))).Code);
        await target.DeleteAsync("a/e/2", Cancel); // what is there can always be removed
        Assert.Equal(5, (await fixture.Registry.CountAsync("nec", Cancel)).Objects);
        List<string> audit = await ((IHarborAccount)target).ReadAuditAsync(Cancel).ToListAsync(Cancel);
        Assert.Equal(5, audit.Count(static line => line.Contains("delete ok", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_change_of_a_key_that_stops_in_any_step_leaves_it_known_and_can_be_made_again()
    {
        for (int steps = 0; ; steps++)
        {
            await using ServiceFixture fixture = await ServiceFixture.StartAsync();
            string key = await fixture.AddAsync("nec", bytes: 100);
            OwnerRecord more = new("nec", key, 200, 10, false, DateTimeOffset.UtcNow);
            bool isDone = false;
            try
            {
                await new OwnerRegistry(new Stopped(fixture.Storage, steps)).AddAsync(more, Cancel);
                isDone = true;
            }
            catch (InvalidOperationException)
            {
                Assert.Contains((await fixture.Registry.FindAsync("nec", key, Cancel))?.Bytes, new long?[] { 100, 200 });
            }
            Assert.Single(await fixture.Registry.ListAsync("nec", Cancel).ToListAsync(Cancel));
            await fixture.Registry.AddAsync(more with { Bytes = 300 }, Cancel);
            Assert.Equal(300, (await fixture.Registry.FindAsync("nec", key, Cancel))?.Bytes);
            Assert.Equal(1, await fixture.Registry.RemoveAsync("nec", null, Cancel));
            Assert.Null(await fixture.Registry.FindAsync("nec", key, Cancel));
            if (!isDone)
                continue;
            Assert.True(steps > 3);
            return;
        }
    }

    [Fact]
    public async Task An_owner_reads_what_was_done_by_which_key_and_where_and_not_what_others_did()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(instances: 2);
        await fixture.AddAsync("nec");
        await using IHarborTarget first = fixture.Open();
        await using IHarborTarget second = fixture.Open(instance: 1);
        await using IHarborTarget nec = fixture.Open("nec");
        Assert.True(await first.PutAsync("a/e/1", new MemoryStream([1, 2, 3]), Cancel));
        Assert.True(await nec.PutAsync("b/e/1", new MemoryStream([1]), Cancel));
        for (int i = 0; i < 3; i++)
            await (await second.GetAsync("a/e/1", null, Cancel)).DisposeAsync();
        await second.DeleteAsync("a/e/1", Cancel);
        await fixture.StopAsync(1); // writes what it knows
        List<string> audit = await ((IHarborAccount)first).ReadAuditAsync(Cancel).ToListAsync(Cancel);
        string key = fixture.KeyFile("zod") is var file && AccessKey.Read(file) is var access ? access.PublicText[..12] : "";
        Assert.Single(audit, line => line.Contains($"put ok a/e/1 count=1 bytes=3 key={key} from=127.0.0.1", StringComparison.Ordinal));
        Assert.Single(audit, line => line.Contains("get ok a/e/1 count=3 bytes=9", StringComparison.Ordinal));
        Assert.Single(audit, line => line.Contains("delete ok a/e/1", StringComparison.Ordinal));
        Assert.DoesNotContain(audit, static line => line.Contains("b/e/1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_audit_is_kept_for_ninety_days()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(options => options with { Time = time });
        string old = $"audit/zod/{DateTimeOffset.UtcNow.AddDays(-91).ToUnixTimeMilliseconds():D14}-x";
        string kept = $"audit/zod/{DateTimeOffset.UtcNow.AddDays(-89).ToUnixTimeMilliseconds():D14}-x";
        foreach (string name in new[] { old, kept })
            await fixture.Storage.PutAsync(name, new MemoryStream("x\n"u8.ToArray()), Cancel);
        await using IHarborTarget target = fixture.Open();
        await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel);
        Assert.NotEmpty(await ((IHarborAccount)target).ReadAuditAsync(Cancel).ToListAsync(Cancel));
        string[] names = await fixture.Storage.ListAsync("audit/zod", Cancel).Select(static one => one.Name).ToArrayAsync(Cancel);
        Assert.DoesNotContain(old, names);
        Assert.Contains(kept, names);
    }

    [Fact]
    public async Task Who_is_removed_is_out_within_seconds_and_what_he_held_stays()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        await using ServiceFixture fixture = await ServiceFixture.StartAsync(options => options with { Time = time });
        await using IHarborTarget target = fixture.Open();
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        Assert.Equal(1, await fixture.Registry.RemoveAsync("zod", null, Cancel));
        time.Advance(fixture.Options.OwnerAge);
        Assert.Equal(ErrorCode.AccessDenied, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/2", new MemoryStream([1]), Cancel))).Code);
        await fixture.AddAsync("zod", key: "again");
        await using IHarborTarget again = fixture.Open("zod", key: "again");
        Assert.Single(await again.ListAsync("a", Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Nothing_that_the_service_holds_opens_a_segment()
    {
        await using ServiceFixture service = await ServiceFixture.StartAsync();
        await using HarborFixture ship = await HarborFixture.CreateAsync();
        await ship.AppendAsync(20);
        byte[] secret = "the owner's own words, which nobody else is to read"u8.ToArray();
        Seguro.Stores.WriterLease lease = await ship.ReleaseLeaseAsync();
        await ship.Log.AppendAsync(lease.Term, (await ship.Log.ReadStateAsync(Cancel)).Head.Position, [secret], Cancel);
        await lease.DisposeAsync();
        await using IHarborTarget target = service.Open();
        await ship.BackUpAsync(target);
        await ship.AssertSameAsync(await ship.OpenAsync(target));
        await service.StopAsync(0);
        // All files of the provider, and the owner's access key itself: none is an identity of age, and age opens nothing with any of them.
        string[] held = [.. Directory.EnumerateFiles(service["storage"], "*", SearchOption.AllDirectories), service.KeyFile("zod"), service.Files.Key];
        string segment = held.Single(static file => file.Contains("/e/", StringComparison.Ordinal));
        Assert.Contains(held, static file => file.Contains("/owners/zod/", StringComparison.Ordinal));
        Assert.Contains(held, static file => file.Contains("/audit/zod/", StringComparison.Ordinal));
        foreach (string file in held)
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
            Assert.True(bytes.AsSpan().IndexOf(secret) < 0, file);
            Assert.True(bytes.AsSpan().IndexOf("AGE-SECRET-KEY"u8) < 0, file);
            Assert.NotEqual(0, await OpenAsync(file, segment));
        }
        // The access key's bytes, taken for an identity: it is no key of age's.
        using AccessKey access = AccessKey.Read(service.KeyFile("zod"));
        string digits = (await File.ReadAllLinesAsync(service.KeyFile("zod"), Cancel))[2].Split(' ')[1];
        await File.WriteAllTextAsync(service["guess"], Bech32.Write("age-secret-key-", Convert.FromHexString(digits)).ToUpperInvariant(), Cancel);
        Assert.NotEqual(0, await OpenAsync(service["guess"], segment));
        Assert.Equal(0, await OpenAsync(HarborKeys.OwnerFile(ship.KeyName), segment)); // and this is what does

        static async Task<int> OpenAsync(string identity, string file)
        {
            ProcessStartInfo start = new("age", ["-d", "-i", identity, "-o", "/dev/null", file]) { RedirectStandardError = true, UseShellExecute = false };
            using Process age = Process.Start(start)!;
            await age.StandardError.ReadToEndAsync(Cancel);
            await age.WaitForExitAsync(Cancel);
            return age.ExitCode;
        }
    }

    [Fact]
    public async Task Two_thousand_owners_cost_a_running_service_nothing()
    {
        const int Many = 2000;
        await using ServiceFixture fixture = await ServiceFixture.StartAsync();
        string known = AccessKey.Create(fixture["many"]);
        for (int i = 0; i < Many; i++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(fixture["storage"], "owners", $"p-{i:D5}")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, known), new OwnerRecord($"p-{i:D5}", known, 1000, 10, false, DateTimeOffset.UtcNow).Write(), Cancel);
        }
        await using Seguro.HarborService.ServiceHost late = await Seguro.HarborService.ServiceHost.StartAsync(fixture.Storage, fixture.Options, Cancel);
        foreach (int i in new[] { 0, 77, Many - 1 })
        {
            await using IHarborTarget target = HarborTarget.Open(fixture.Url($"p-{i:D5}", key: "many", port: late.Address.Port));
            Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        }
        Assert.Equal(Many + 1, await fixture.Registry.ListAsync(null, Cancel).CountAsync(Cancel));
    }

    /// <summary>A storage whose user stops before the nth change.</summary>
    private sealed class Stopped(IHarborTarget target, int steps) : IHarborTarget
    {
        private int _left = steps;

        public string Name => target.Name;

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) => Go().PutAsync(name, content, cancel);

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => Go().DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private IHarborTarget Go() => _left-- > 0 ? target : throw new InvalidOperationException("stopped");
    }
}
