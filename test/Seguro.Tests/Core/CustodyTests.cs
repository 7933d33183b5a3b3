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
        foreach (Custody custody in new[] { Mirrored, Mirrored with { IsRunning = false, Place = "" }, new Custody(CustodyKind.Gated), new Custody(CustodyKind.None) })
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
