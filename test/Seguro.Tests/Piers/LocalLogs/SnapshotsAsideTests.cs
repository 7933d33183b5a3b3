using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.LocalLogs;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers.LocalLogs;

/// <summary>What vere had saved of events that a member has to give up: it goes aside with them, and the pier can be opened again.</summary>
public sealed class SnapshotsAsideTests : IDisposable
{
    private static readonly Ship Zod = Ship.Parse("~zod");
    private readonly TemporaryFolder _folder = new("aside");
    private readonly List<Event> _events = EventChain.After(Position.Origin, 10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string PierPath => _folder["pier"];

    [Theory]
    [InlineData("image")]
    [InlineData("south")]
    [InlineData("patch")]
    [InlineData("state")]
    public async Task A_snapshot_above_what_is_kept_goes_to_quarantine_and_the_pier_opens_again(string kind)
    {
        await using (LocalLog log = await OpenAsync())
        {
            await log.AppendAsync(_events, Cancel);
            Save(kind, 8);
            await log.QuarantineAsync(EventChain.At(_events, 6), ["reason: a test"], Cancel);
        }
        await using LocalLog again = await OpenAsync(); // a snapshot above its end is a log that nobody opens
        Assert.Equal(EventChain.At(_events, 6), again.Head);
        Assert.Empty(Left());
        string aside = Assert.Single(Directory.GetDirectories(again.QuarantinePath), static folder => folder.EndsWith("-snapshot", StringComparison.Ordinal));
        Assert.Contains("reason: a test", await File.ReadAllTextAsync(Path.Combine(aside, "report.txt"), Cancel), StringComparison.Ordinal);
        Assert.True(Directory.GetFiles(aside).Length > 1);
    }

    [Theory]
    [InlineData("image")]
    [InlineData("patch")]
    [InlineData("state")]
    public async Task A_snapshot_of_what_is_kept_stays(string kind)
    {
        await using LocalLog log = await OpenAsync();
        await log.AppendAsync(_events, Cancel);
        Save(kind, 6);
        string[] before = Left();
        await log.QuarantineAsync(EventChain.At(_events, 6), [], Cancel);
        Assert.Equal(before, Left());
        Assert.Single(Directory.GetDirectories(log.QuarantinePath)); // the events
    }

    [Fact]
    public async Task The_epochs_own_snapshot_takes_the_place_of_one_that_is_given_up()
    {
        Position origin = new(new EventNumber(100), Chain.Zero);
        List<Event> events = EventChain.After(origin, 10);
        using (PierWriter pier = PierWriter.Create(PierPath, new PierIdentity(0, IsFake: true, Life: 1), origin.Number, "4.6"))
            pier.Complete();
        PierLeftovers.Image(PierPath, ".urb/log/0i100", 100);
        await using (LocalLog log = await OpenAsync())
        {
            await log.AppendAsync(events, Cancel);
            PierLeftovers.Image(PierPath, PierLeftovers.Chk, 108);
            await log.QuarantineAsync(EventChain.At(events, 106), [], Cancel);
        }
        using Pier again = Pier.Open(PierPath, PierAccess.Offline);
        Assert.Equal(["100", "100"], again.Info.Images.Select(static image => image.Event.ToString()));
    }

    [Fact]
    public async Task What_is_left_of_a_snapshot_that_a_killed_worker_was_saving_does_not_keep_the_member_from_its_log()
    {
        await using (LocalLog log = await OpenAsync())
            await log.AppendAsync(_events, Cancel);
        PierLeftovers.Image(PierPath, PierLeftovers.Chk, 4);
        PierLeftovers.Patch(PierPath, 9);
        string memory = Path.Combine(PierPath, PierLeftovers.Chk, "memory.bin");
        await File.WriteAllBytesAsync(memory, (await File.ReadAllBytesAsync(memory, Cancel))[..5000], Cancel);
        await using LocalLog again = await OpenAsync();
        Assert.Equal([Path.Combine(PierPath, PierLeftovers.Chk, "image.bin")], Left());
        string aside = Assert.Single(Directory.GetDirectories(again.QuarantinePath));
        Assert.Equal(["control.bin", "memory.bin", "report.txt"], Directory.GetFiles(aside).Select(Path.GetFileName).Order());
    }

    public void Dispose() => _folder.Dispose();

    private void Save(string kind, ulong number)
    {
        switch (kind)
        {
            case "image":
                PierLeftovers.Image(PierPath, PierLeftovers.Chk, number);
                break;
            case "south":
                PierLeftovers.South(PierPath, PierLeftovers.Chk, number);
                break;
            case "patch":
                PierLeftovers.Image(PierPath, PierLeftovers.Chk, 1);
                PierLeftovers.Patch(PierPath, number);
                break;
            default:
                PierLeftovers.State(PierPath, number);
                break;
        }
    }

    private string[] Left() =>
    [
        .. new[] { PierLeftovers.Chk, ".urb/roc" }.Select(folder => Path.Combine(PierPath, folder)).Where(Directory.Exists).SelectMany(Directory.GetFiles).Order(StringComparer.Ordinal),
    ];

    private Task<LocalLog> OpenAsync() => LocalLog.OpenAsync(
        PierPath, Zod, static _ => ValueTask.FromResult<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>>(new Dictionary<string, ReadOnlyMemory<byte>>()), "test", TimeProvider.System, Cancel);
}
