using Microsoft.Extensions.Logging.Abstractions;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Node.Members;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>A member fills harbors while it is master, with what is committed and nothing else; another goes on after a takeover without a gap or a double.</summary>
public sealed class MemberHarborsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("member");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_takeover_goes_on_where_the_harbor_ends_and_nothing_uncommitted_is_archived()
    {
        string pier = SharedData.CopyPier("zod", _folder["pier"]);
        string place = Directory.CreateDirectory(_folder["harbor"]).FullName;
        HarborKeys.Create(_folder["key"], []);
        using OwnerKey owner = OwnerKey.Read(HarborKeys.OwnerFile(_folder["key"]));
        await using IHarborTarget target = HarborTarget.Open($"file:{place}");
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"lmdb:{pier}"), new StoreOptions { ReadOnly = true }, Cancel);
        Ship ship = (await store.ListLogsAsync(Cancel)).Single();
        await using EventLog log = new((await store.OpenLogAsync(ship, Cancel))!, store.Capabilities);
        object committed = await log.ReadPositionAsync(new EventNumber(500), Cancel); // boxed: read by other threads whole
        string master = "one";
        await using MemberHarbors one = MemberHarbors.Start(Options("one"));
        await using MemberHarbors two = MemberHarbors.Start(Options("two"));

        await UntilAsync(500);
        Position at700 = await log.ReadPositionAsync(new EventNumber(700), Cancel);
        Volatile.Write(ref committed, at700);
        await UntilAsync(700);
        Volatile.Write(ref master, "two");
        Position at925 = await log.ReadPositionAsync(new EventNumber(925), Cancel);
        Volatile.Write(ref committed, at925);
        HarborReader reader = await UntilAsync(925);

        Assert.Empty((await HarborVerify.RunAsync(reader, null, null, TimeProvider.System, Cancel)).Found);
        ulong next = 1;
        foreach (SegmentObject segment in reader.Copies[0].Index.All.OrderBy(static found => found.First))
        {
            Assert.Equal(next, segment.First.Value);
            next = (await reader.Copies[0].Folder.ReadManifestAsync(segment.Name, owner.Signer, Cancel)).Last.Value + 1;
        }
        Assert.Equal(926UL, next);
        Assert.Empty(one.Warnings.Concat(two.Warnings));

        MemberHarborsOptions Options(string name) => new()
        {
            Ship = ship,
            Pier = pier,
            Targets = [$"file:{place}"],
            Key = HarborKeys.HostFile(_folder["key"]),
            Within = TimeSpan.FromMilliseconds(100),
            IsMaster = () => Volatile.Read(ref master) == name,
            Committed = () => (Position)Volatile.Read(ref committed),
            Log = NullLogger.Instance,
        };

        // What is there never goes beyond what is committed, at any look.
        async Task<HarborReader> UntilAsync(ulong number)
        {
            while (true)
            {
                try
                {
                    HarborReader seen = await HarborReader.OpenAsync([target], owner, ship, static _ => { }, TimeProvider.System, Cancel);
                    Assert.True(seen.Head.Number <= ((Position)committed).Number, $"event {seen.Head.Number} was archived, and {((Position)committed).Number} is committed");
                    if (seen.Head.Number.Value == number)
                        return seen;
                }
                catch (SeguroException early) when (early.Code is ErrorCode.NoSuchLog or ErrorCode.HarborIncomplete)
                {
                    // Nothing is there yet.
                }
                await Task.Delay(50, Cancel);
            }
        }
    }

    [Fact]
    public async Task What_ends_the_harbors_is_among_the_warnings_of_the_master_and_of_nobody_else()
    {
        string place = Directory.CreateDirectory(_folder["harbor"]).FullName;
        HarborKeys.Create(_folder["key"], []);
        bool isMaster = true;
        await using MemberHarbors harbors = MemberHarbors.Start(new MemberHarborsOptions
        {
            Ship = Ship.Parse("~zod"),
            Pier = _folder["none"],
            Targets = [$"file:{place}"],
            Key = HarborKeys.HostFile(_folder["key"]),
            Within = TimeSpan.FromMilliseconds(100),
            IsMaster = () => Volatile.Read(ref isMaster),
            Committed = static () => Position.Origin,
            Log = NullLogger.Instance,
        });
        while (!harbors.Warnings.Any())
            await Task.Delay(20, Cancel);
        Assert.Contains("The harbors are not followed", harbors.Warnings.Single(), StringComparison.Ordinal);
        Volatile.Write(ref isMaster, false);
        while (harbors.Warnings.Any())
            await Task.Delay(20, Cancel);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
