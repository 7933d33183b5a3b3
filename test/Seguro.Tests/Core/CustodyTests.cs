using System.Text;
using Seguro.Core;

namespace Seguro.Tests.Core;

public sealed class CustodyTests
{
    private static readonly Custody Mirrored = new(CustodyKind.Mirrored)
    {
        Seen = new EventNumber(4_311_199_133),
        At = new DateTimeOffset(2026, 11, 30, 1, 2, 3, 456, TimeSpan.Zero),
        IsRunning = true,
        Place = "host:/srv/a ship/zod",
    };

    [Fact]
    public void Reads_what_it_writes()
    {
        Assert.Equal("mirrored 4311199133 2026-11-30T01:02:03.456Z up host:/srv/a ship/zod", Mirrored.ToString());
        Custody given = Mirrored with { Kind = CustodyKind.None, IsRunning = false };
        Custody gated = new(CustodyKind.Gated) { Store = new StoreIdentity([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) };
        Assert.Equal("none 4311199133 2026-11-30T01:02:03.456Z host:/srv/a ship/zod", given.ToString());
        Assert.Equal("gated 0102030405060708090a0b0c0d0e0f10", gated.ToString());
        Custody[] all = [Mirrored, Mirrored with { IsRunning = false, Place = "" }, new(CustodyKind.Gated), gated, new(CustodyKind.None), given, given with { Place = "" }];
        foreach (Custody custody in all)
            Assert.Equal(custody, Of(custody.ToString()));
    }

    [Fact]
    public void A_place_that_can_not_be_printed_or_is_too_long_is_bent_until_it_can()
    {
        Assert.Equal("a?b", Of((Mirrored with { Place = "a\nb" }).ToString())!.Place);
        Assert.Equal(Custody.LongestPlace, Of((Mirrored with { Place = new string('x', 5000) }).ToString())!.Place.Length);
    }

    [Fact]
    public void A_log_without_it_is_a_clusters_where_a_cluster_wrote_it()
    {
        Assert.Null(Custody.Read(new Dictionary<string, ReadOnlyMemory<byte>>()));
        foreach (string key in new[] { MetadataKey.History, MetadataKey.Members })
            Assert.Equal(CustodyKind.Gated, Custody.Read(new Dictionary<string, ReadOnlyMemory<byte>> { [key] = "1"u8.ToArray() })!.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Gated")]
    [InlineData("mirrored")]
    [InlineData("mirrored 1 2026-11-30T01:02:03.456Z sideways x")]
    [InlineData("mirrored -1 2026-11-30T01:02:03.456Z up x")]
    [InlineData("mirrored 1 yesterday up x")]
    [InlineData("gated 12")]
    [InlineData("gated 00000000000000000000000000000000")]
    [InlineData("none 1")]
    [InlineData("none x 2026-11-30T01:02:03.456Z ")]
    public void Anything_else_is_damage(string text) => Assert.Equal(ErrorCode.Corrupt, Assert.Throws<SeguroException>(() => Of(text)).Code);

    [Fact]
    public void A_cluster_says_that_it_computes_before_it_says_where_history_ends()
    {
        string[] keys = [.. ClusterSettingsCodec.Write(new ClusterSettings(null, null, EventNumber.None, History: new EventNumber(5))).Select(static pair => pair.Key)];
        Assert.Equal([MetadataKey.Custody, MetadataKey.History], keys);
        Assert.Empty(ClusterSettingsCodec.Write(default));
    }

    private static Custody? Of(string text) => Custody.Read(new Dictionary<string, ReadOnlyMemory<byte>> { [MetadataKey.Custody] = Encoding.UTF8.GetBytes(text) });
}
