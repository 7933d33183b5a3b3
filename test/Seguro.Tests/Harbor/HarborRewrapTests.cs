using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>New recipients for what was written before: they open all of it, whoever is left out opens nothing, and whatever ends the exchange loses nothing.</summary>
public sealed class HarborRewrapTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_recipient_opens_all_that_was_written_before_and_the_owner_still_does()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        string recipient = await NewIdentityAsync(fixture["second"]);
        await File.AppendAllTextAsync(fixture.Host.Path, recipient + "\n", Cancel);
        using HostKey host = HostKey.Read(fixture.Host.Path);
        Assert.False(await OpensAsync(fixture, "second"));
        RewrapResult result = await HarborRewrap.RunAsync(target, fixture.Owner, host, HarborFixture.Ship, null, TimeProvider.System, Cancel);
        Assert.Equal((6, 0), (result.Done, result.Locked.Count)); // ship, a snapshot, four segments
        Assert.True(await OpensAsync(fixture, "second"));
        Assert.True(await OpensAsync(fixture, Path.GetFileName(HarborKeys.OwnerFile(fixture.KeyName))));
        await AssertWholeAsync(fixture, target);
        await fixture.AppendAsync(3);
        using HarborBackup backup = new(fixture.Log, target, host, fixture.Options());
        await backup.CatchUpAsync(Cancel);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task Who_is_no_recipient_any_more_opens_nothing()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        string recipient = await NewIdentityAsync(fixture["second"]);
        string[] lines = [.. (await File.ReadAllLinesAsync(fixture.Host.Path, Cancel)).Where(static line => !line.StartsWith("age1", StringComparison.Ordinal))];
        await File.WriteAllTextAsync(fixture.Host.Path, string.Join('\n', [.. lines, recipient, ""]), Cancel);
        using HostKey host = HostKey.Read(fixture.Host.Path);
        await HarborRewrap.RunAsync(target, fixture.Owner, host, HarborFixture.Ship, null, TimeProvider.System, Cancel);
        Assert.True(await OpensAsync(fixture, "second"));
        Assert.False(await OpensAsync(fixture, Path.GetFileName(HarborKeys.OwnerFile(fixture.KeyName))));
        Assert.Equal(ErrorCode.HarborIncomplete, (await Assert.ThrowsAsync<SeguroException>(
            () => HarborRewrap.RunAsync(target, fixture.Owner, host, HarborFixture.Ship, null, TimeProvider.System, Cancel))).Code);
    }

    [Fact]
    public async Task Whatever_ends_it_in_whichever_step_the_next_run_ends_the_work()
    {
        const int StepsOfAll = 100; // more than there are
        for (int steps = 0; steps < StepsOfAll; steps++)
        {
            await using HarborFixture fixture = await HarborFixture.CreateAsync();
            IHarborTarget target = fixture.Folder("a");
            await fixture.AppendAsync(5);
            await fixture.BackUpAsync(target); // a single segment: without it there is nothing
            bool isOver = await RunAsync(new Ends(target, steps), fixture);
            await RunAsync(target, fixture);
            await AssertWholeAsync(fixture, target);
            if (isOver)
                return;
        }
        Assert.Fail("it never came to its end");

        static async Task<bool> RunAsync(IHarborTarget target, HarborFixture fixture)
        {
            try
            {
                await HarborRewrap.RunAsync(target, fixture.Owner, fixture.Host, HarborFixture.Ship, null, TimeProvider.System, Cancel);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task What_is_damaged_stays_and_another_hosts_key_does_nothing()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = await FillAsync(fixture);
        await using HarborFixture other = await HarborFixture.CreateAsync();
        Assert.Equal(ErrorCode.BadValue, (await Assert.ThrowsAsync<SeguroException>(
            () => HarborRewrap.RunAsync(target, fixture.Owner, other.Host, HarborFixture.Ship, null, TimeProvider.System, Cancel))).Code);
        string victim = fixture.Segments("a")[1];
        byte[] bytes = await File.ReadAllBytesAsync(victim, Cancel);
        bytes[^30] ^= 1;
        await File.WriteAllBytesAsync(victim, bytes, Cancel);
        SeguroException refused = await Assert.ThrowsAsync<SeguroException>(
            () => HarborRewrap.RunAsync(target, fixture.Owner, fixture.Host, HarborFixture.Ship, null, TimeProvider.System, Cancel));
        Assert.Equal(ErrorCode.HarborIncomplete, refused.Code);
        Assert.Contains(Path.GetFileName(victim), refused.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(victim, Cancel));
    }

    /// <summary>Four segments, and a snapshot.</summary>
    private static async Task<IHarborTarget> FillAsync(HarborFixture fixture)
    {
        IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < 4; i++)
        {
            await fixture.AppendAsync(5);
            await fixture.BackUpAsync(target);
        }
        HarborWriter writer = new(target, fixture.Host, HarborFixture.Ship, fixture.Options());
        EventNumber at = new(10);
        Assert.True(await writer.PutFileAsync(ObjectName.Snapshot(at, "image.bin"), ManifestKind.Snapshot, at, new MemoryStream([1, 2, 3]), Cancel));
        return target;
    }

    private static async Task AssertWholeAsync(HarborFixture fixture, IHarborTarget target)
    {
        Assert.Empty((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Found);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
        await foreach (TargetObject one in target.ListAsync($"{fixture.Id}/w", Cancel))
            Assert.Fail($"{one.Name} was left");
    }

    /// <summary>Makes an identity with age's own tool; its recipient.</summary>
    private static async Task<string> NewIdentityAsync(string file)
    {
        await Tool.RunAsync(["age-keygen", "-o", file]);
        return (await Tool.RunAsync(["age-keygen", "-y", file])).Trim();
    }

    /// <summary>Debian's age opens every object with an identity; or none of them.</summary>
    private static async Task<bool> OpensAsync(HarborFixture fixture, string identity)
    {
        int opened = 0;
        string[] files = Directory.GetFiles(fixture["a"], "*", SearchOption.AllDirectories);
        foreach (string file in files)
        {
            try
            {
                await Tool.RunAsync(["sh", "-ec", "age -d -i \"$0\" \"$1\" >/dev/null", fixture[identity], file]);
                opened++;
            }
            catch (InvalidOperationException refused) when (refused.Message.Contains("no identity matched", StringComparison.Ordinal))
            {
                // Not this one's.
            }
        }
        Assert.True(opened == 0 || opened == files.Length, $"{opened} of {files.Length} objects");
        return opened > 0;
    }

    /// <summary>Ends, as a process that is killed does, before a step that would change something.</summary>
    private sealed class Ends(IHarborTarget target, int steps) : IHarborTarget
    {
        private int _left = steps;

        public string Name => target.Name;

        public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            Step();
            return target.PutAsync(name, content, cancel);
        }

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel)
        {
            Step();
            return target.DeleteAsync(name, cancel);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private void Step()
        {
            if (_left-- == 0)
                throw new InvalidOperationException("killed");
        }
    }
}
