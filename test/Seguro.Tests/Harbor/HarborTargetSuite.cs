using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>What every target must do, against the real server.</summary>
public abstract class HarborTargetSuite
{
    private const int Racers = 32;
    private const int Many = 1100; // more than a page of a list

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens a connection to the one place of this test.</summary>
    protected abstract IHarborTarget Open();

    [Fact]
    public async Task Does_what_a_harbor_asks()
    {
        await using IHarborTarget target = Open();
        await TargetProbe.RunAsync(target, Cancel);
    }

    [Fact]
    public async Task Of_32_writers_at_once_one_makes_the_name()
    {
        IHarborTarget[] targets = [.. Enumerable.Range(0, Racers).Select(_ => Open())];
        byte[][] contents = [.. targets.Select(static (_, i) => Enumerable.Repeat((byte)i, 5000).ToArray())];
        bool[] unknown = new bool[Racers];
        bool[] won = await Task.WhenAll(Enumerable.Range(0, Racers).Select(PutAsync));
        Assert.InRange(won.Count(static one => one), 0, 1);
        byte[] kept = await ReadAsync(targets[0], "a/e/race", null);
        int winner = Array.FindIndex(contents, one => one.AsSpan().SequenceEqual(kept));
        Assert.True(won[winner] || (unknown[winner] && !won.Contains(true)), $"writer {winner} made it, and {Array.IndexOf(won, true)} was told so");
        foreach (IHarborTarget target in targets)
            await target.DisposeAsync();

        // A server that gives up under so many at once says nothing of what it did: whoever was answered so asks again, as a backup does.
        async Task<bool> PutAsync(int i)
        {
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    return await targets[i].PutAsync("a/e/race", new MemoryStream(contents[i]), Cancel);
                }
                catch (SeguroException gone) when (gone.Code is ErrorCode.HarborUnavailable && attempt < 5)
                {
                    unknown[i] = true;
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9_000_000)]
    public async Task Gives_back_what_it_was_given_whole_and_from_the_beginning(int size)
    {
        await using IHarborTarget target = Open();
        byte[] content = RandomNumberGenerator.GetBytes(size);
        Assert.True(await target.PutAsync("a/s/object", new MemoryStream(content), Cancel));
        Assert.False(await target.PutAsync("a/s/object", new MemoryStream([1, 2, 3]), Cancel));
        Assert.Equal(content, await ReadAsync(target, "a/s/object", null));
        if (size > 100)
            Assert.Equal(content[..100], (await ReadAsync(target, "a/s/object", 100))[..100]);
    }

    [Fact]
    public async Task Lists_by_name_and_no_other_folder()
    {
        await using IHarborTarget target = Open();
        string[] names = [.. Enumerable.Range(0, Many).Select(static i => $"a/e/{i * 7919 % 100_000:D20}")];
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel },
            async (name, cancel) => await target.PutAsync(name, new MemoryStream([1]), cancel));
        await target.PutAsync("ab/e/1", new MemoryStream([1]), Cancel);
        List<string> listed = [];
        await foreach (TargetObject one in target.ListAsync("a", Cancel))
            listed.Add(one.Name);
        Assert.Equal(names.Order(StringComparer.Ordinal), listed);
        await target.DeleteAsync(names[0], Cancel);
        await target.DeleteAsync(names[0], Cancel);
        Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<SeguroException>(() => ReadAsync(target, names[0], null))).Code);
        await foreach (TargetObject _ in target.ListAsync("nothing", Cancel))
            Assert.Fail("there is nothing");
    }

    [Fact]
    public async Task A_log_goes_in_and_comes_back_and_damage_is_repaired()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await using IHarborTarget target = Open();
        IHarborTarget folder = fixture.Folder("other");
        for (int i = 0; i < 3; i++)
        {
            await fixture.AppendAsync(20, 40_000);
            await fixture.BackUpAsync(target, folder);
        }
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
        // One is replaced by another's bytes, one is cut, one is gone.
        string[] names = [.. fixture.Segments("other").Select(file => $"{fixture.Id}/e/{Path.GetFileName(file)}")];
        byte[] first = await ReadAsync(target, names[0], null);
        byte[] second = await ReadAsync(target, names[1], null);
        foreach (string name in names)
            await target.DeleteAsync(name, Cancel);
        await target.PutAsync(names[0], new MemoryStream(second), Cancel);
        await target.PutAsync(names[1], new MemoryStream(second[..^5]), Cancel);
        Assert.NotEqual(first, second);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target, folder));
        HarborVerification repaired = await HarborVerify.RunAsync(await fixture.OpenAsync(target, folder), fixture.Host, null, TimeProvider.System, Cancel);
        Assert.Equal((3, 0), (repaired.Repaired, repaired.Left.Count));
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task Each_damage_is_named_and_repaired()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        await using IHarborTarget target = Open();
        IHarborTarget folder = fixture.Folder("other");
        for (int i = 0; i < 4; i++)
        {
            await fixture.AppendAsync(9);
            await fixture.BackUpAsync(target, folder);
        }
        string[] names = [.. fixture.Segments("other").Select(static file => $"e/{Path.GetFileName(file)}")];
        byte[][] objects = await Task.WhenAll(names.Select(name => ReadAsync(target, $"{fixture.Id}/{name}", null)));
        byte[] changed = [.. objects[1]];
        changed[^60] ^= 1;
        byte[] header = [.. objects[1]];
        header[50] ^= 1;
        (string Kind, (int Place, byte[]? Bytes)[] Done)[] kinds =
        [
            ("a byte changed", [(1, changed)]),
            ("a byte of the manifest changed", [(1, header)]),
            ("cut", [(2, objects[2][..^30])]),
            ("swapped", [(1, objects[2]), (2, objects[1])]),
            ("missing", [(1, null)]),
            ("missing, the first", [(0, null)]),
            ("replayed", [(3, objects[0])]),
            ("went back", [(3, null)]),
        ];
        foreach ((string kind, (int Place, byte[]? Bytes)[] done) in kinds)
        {
            foreach ((int place, byte[]? bytes) in done)
            {
                await target.DeleteAsync($"{fixture.Id}/{names[place]}", Cancel);
                if (bytes is not null)
                    await target.PutAsync($"{fixture.Id}/{names[place]}", new MemoryStream(bytes), Cancel);
            }
            await fixture.AssertSameAsync(await fixture.OpenAsync(target, folder));
            HarborVerification repaired = await HarborVerify.RunAsync(await fixture.OpenAsync(target, folder), fixture.Host, null, TimeProvider.System, Cancel);
            Assert.All(done, one => Assert.True(repaired.Found.Any(damage => damage.Target == target.Name && damage.Name == names[one.Place]), $"{kind}: {names[one.Place]} was not named"));
            Assert.Empty(repaired.Left);
            Assert.Empty((await HarborVerify.RunAsync(await fixture.OpenAsync(target), null, null, TimeProvider.System, Cancel)).Found);
        }
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task A_put_whose_answer_was_lost_is_found_to_be_ones_own_and_anothers_is_not()
    {
        await using IHarborTarget target = Open();
        HarborFolder own = new(new LosesAnswers(target), "a", TimeProvider.System);
        Assert.True(await own.PutAsync("e/1", new MemoryStream([1, 2, 3]), Cancel));
        await target.PutAsync("a/e/2", new MemoryStream([9, 9]), Cancel);
        Assert.False(await own.PutAsync("e/2", new MemoryStream([1, 2, 3]), Cancel));
        Assert.Equal([9, 9], await ReadAsync(target, "a/e/2", null));
    }

    /// <summary>Makes that many objects where the server has its files, and lists them through it.</summary>
    protected async Task AssertListsManyAsync(string files)
    {
        const int Objects = 100_000;
        string folder = Directory.CreateDirectory(Path.Combine(files, "a", "e")).FullName;
        for (int i = 0; i < Objects; i++)
            File.Create(Path.Combine(folder, $"{i:D20}")).Dispose();
        await using IHarborTarget target = Open();
        int listed = 0;
        await foreach (TargetObject one in target.ListAsync("a", Cancel))
            Assert.Equal($"a/e/{listed++:D20}", one.Name);
        Assert.Equal(Objects, listed);
    }

    protected static async Task<byte[]> ReadAsync(IHarborTarget target, string name, long? length)
    {
        await using Stream source = await target.GetAsync(name, length, Cancel);
        MemoryStream all = new();
        await source.CopyToAsync(all, Cancel);
        return all.ToArray();
    }

    /// <summary>Carries each first put of a name out, and says that the connection broke.</summary>
    private sealed class LosesAnswers(IHarborTarget target) : IHarborTarget
    {
        private readonly HashSet<string> _seen = [];

        public string Name => target.Name;

        public async Task<bool> PutAsync(string name, Stream content, CancellationToken cancel)
        {
            bool isMade = await target.PutAsync(name, content, cancel);
            return _seen.Add(name) ? throw new SeguroException(ErrorCode.HarborUnavailable, "the connection broke", "Try again.") : isMade;
        }

        public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => target.GetAsync(name, length, cancel);

        public IAsyncEnumerable<TargetObject> ListAsync(string folder, CancellationToken cancel) => target.ListAsync(folder, cancel);

        public Task DeleteAsync(string name, CancellationToken cancel) => target.DeleteAsync(name, cancel);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
