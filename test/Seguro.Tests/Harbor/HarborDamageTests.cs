using Seguro.Core;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>What a keeper, a disk or an attacker can do to objects is found, named, made up for by another target, and repaired from it.</summary>
public sealed class HarborDamageTests
{
    private const int Segments = 4;

    /// <summary>Each kind of damage, done to the files of a target; the name of the object that must be named.</summary>
    private static readonly Dictionary<string, Func<HarborFixture, string[], string>> Kinds = new()
    {
        ["one byte of the content changed"] = static (fixture, files) => Change(fixture, files[1], static length => length - 40),
        ["one byte of the manifest changed"] = static (_, files) => Change(files[1], 60),
        ["one byte of the header's MAC changed"] = static (_, files) => Change(files[1], File.ReadAllText(files[1]).IndexOf("\n--- ", StringComparison.Ordinal) + 8),
        ["one byte of the newest changed"] = static (fixture, files) => Change(fixture, files[^1], static length => length - 40),
        ["cut in the middle"] = static (_, files) => Write(files[1], File.ReadAllBytes(files[1])[..300]),
        ["cut to nothing"] = static (_, files) => Write(files[2], []),
        ["one byte longer"] = static (_, files) => Write(files[1], [.. File.ReadAllBytes(files[1]), 0]),
        ["missing in the middle"] = static (_, files) => Remove(files[2]),
        ["missing, the first"] = static (_, files) => Remove(files[0]),
        ["missing, the newest: the manifest goes back"] = static (_, files) => Remove(files[^1]),
        ["another segment's bytes under this name (replayed)"] = static (_, files) => Write(files[2], File.ReadAllBytes(files[1])),
        ["the same segment under a second name (repeated)"] = static (_, files) => Copy(files[1], 1),
        ["two swapped"] = static (_, files) => Swap(files[1], files[2]),
        ["another ship's segment"] = static (fixture, files) => Write(files[1], Foreign(fixture)),
    };

    public static TheoryData<string> All => [.. Kinds.Keys];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Is_found_named_and_repaired_from_another_target(string kind)
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        (IHarborTarget good, IHarborTarget bad) = (fixture.Folder("good"), fixture.Folder("bad"));
        for (int i = 0; i < Segments; i++)
        {
            await fixture.AppendAsync(7 + i);
            if (i != 1)
                await fixture.BackUpAsync(good); // so that the two are cut at other places
            await fixture.BackUpAsync(bad);
        }
        string named = Kinds[kind](fixture, fixture.Segments("bad"));

        // A restore takes what is whole from where it is, whichever target is asked first.
        foreach (IHarborTarget[] order in (IHarborTarget[][])[[bad, good], [good, bad]])
            await fixture.AssertSameAsync(await fixture.OpenAsync(order));

        HarborReader reader = await fixture.OpenAsync(bad, good);
        HarborVerification found = await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel);
        Assert.Contains(found.Found, damage => damage.Target == bad.Name && damage.Name == named);
        Assert.All(found.Found, damage => Assert.Equal(bad.Name, damage.Target));
        Assert.Equal(found.Found.Count, found.Left.Count);

        HarborVerification repaired = await HarborVerify.RunAsync(await fixture.OpenAsync(bad, good), fixture.Host, null, TimeProvider.System, Cancel);
        Assert.Empty(repaired.Left);
        HarborVerification again = await HarborVerify.RunAsync(await fixture.OpenAsync(bad), null, null, TimeProvider.System, Cancel);
        Assert.Empty(again.Found);
        await fixture.AssertSameAsync(await fixture.OpenAsync(bad));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Without_another_target_it_is_never_passed_on(string kind)
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget only = fixture.Folder("only");
        for (int i = 0; i < Segments; i++)
        {
            await fixture.AppendAsync(7 + i);
            await fixture.BackUpAsync(only);
        }
        string named = Kinds[kind](fixture, fixture.Segments("only"));
        LogState state = await fixture.Log.ReadStateAsync(Cancel);
        try
        {
            HarborReader reader = await fixture.OpenAsync(only);
            EventLog restored = HarborLog.Open(reader);
            LogState theirs = await restored.ReadStateAsync(Cancel);
            await foreach (Event read in restored.ReadAsync(theirs, theirs.First, theirs.Head.Number, Cancel))
                Assert.Equal((await fixture.Log.ReadPositionAsync(read.Number, Cancel)).Chain, read.Chain);
            // What is left is whole, and shorter; or it had all, though something beside it is wrong.
            bool isBehind = theirs.Head.Number < state.Head.Number || theirs.First > state.First;
            HarborVerification found = await HarborVerify.RunAsync(await fixture.OpenAsync(only), null, null, TimeProvider.System, Cancel);
            Assert.True(isBehind || found.Found.Any(damage => damage.Name == named), $"{kind}: nothing was said");
        }
        catch (SeguroException refused)
        {
            Assert.Equal(ErrorCode.HarborIncomplete, refused.Code);
            Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_host_notices_a_target_that_went_back_and_writes_again_what_it_lacks()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync();
        IHarborTarget target = fixture.Folder("a");
        for (int i = 0; i < 3; i++)
        {
            await fixture.AppendAsync(5);
            await fixture.BackUpAsync(target);
        }
        File.Delete(fixture.Segments("a")[^1]);
        await fixture.BackUpAsync(target);
        Assert.Contains(fixture.Told, static text => text.Contains("SG3060", StringComparison.Ordinal) && text.Contains("event 15", StringComparison.Ordinal));
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));
    }

    [Fact]
    public async Task A_log_of_another_history_and_one_that_went_back_are_refused()
    {
        await using HarborFixture fixture = await HarborFixture.CreateAsync(1);
        await using HarborFixture other = await HarborFixture.CreateAsync(2);
        IHarborTarget target = fixture.Folder("a");
        await fixture.AppendAsync(10);
        await fixture.BackUpAsync(target);
        await other.AppendAsync(5);
        Assert.Equal(ErrorCode.WentBack, (await Assert.ThrowsAsync<SeguroException>(() => BackUpAsync())).Code);
        await other.AppendAsync(20);
        Assert.Equal(ErrorCode.Diverged, (await Assert.ThrowsAsync<SeguroException>(() => BackUpAsync())).Code);
        await fixture.AssertSameAsync(await fixture.OpenAsync(target));

        async Task BackUpAsync()
        {
            using Seguro.Harbor.Writing.HarborBackup backup = new(other.Log, target, fixture.Host, fixture.Options());
            await backup.CatchUpAsync(Cancel);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Name(string file) => $"e/{Path.GetFileName(file)}";

    private static string Change(HarborFixture fixture, string file, Func<int, int> where)
    {
        int at = where((int)new FileInfo(file).Length);
        return Change(file, at - fixture.Random.Next(8));
    }

    private static string Change(string file, int at)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[at] ^= 1;
        return Write(file, bytes);
    }

    private static string Write(string file, byte[] bytes)
    {
        File.WriteAllBytes(file, bytes);
        return Name(file);
    }

    private static string Remove(string file)
    {
        File.Delete(file);
        return Name(file);
    }

    private static string Copy(string file, ulong further)
    {
        string second = Path.Combine(Path.GetDirectoryName(file)!, $"{ulong.Parse(Path.GetFileName(file)) + further:D20}");
        File.Copy(file, second);
        return Name(second);
    }

    private static string Swap(string one, string other)
    {
        byte[] bytes = File.ReadAllBytes(one);
        File.WriteAllBytes(one, File.ReadAllBytes(other));
        return Write(other, bytes);
    }

    /// <summary>A segment that the same host made for another ship: signed, and for the same owner.</summary>
    private static byte[] Foreign(HarborFixture fixture)
    {
        Seguro.Harbor.Format.Manifest manifest = new(Seguro.Harbor.Format.ManifestKind.Segment, new EventNumber(8), new EventNumber(15), Chain.Zero, Chain.Zero, DateTimeOffset.UnixEpoch);
        using Stream made = Seguro.Harbor.Format.SealedObject.Seal(fixture.Host, Seguro.Harbor.Format.ObjectName.Folder(fixture.Owner.Signer, Ship.Parse("~zod")), manifest, new MemoryStream([1, 2, 3]));
        MemoryStream all = new();
        made.CopyTo(all);
        return all.ToArray();
    }
}
