using System.Text;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core;

public sealed class ClusterSettingsCodecTests
{
    public static TheoryData<string, string> Damaged => new()
    {
        { MetadataKey.Optimism, "two wait" },
        { MetadataKey.Optimism, "" },
        { MetadataKey.Members, "" },
        { MetadataKey.Members, "a  b" },
        { MetadataKey.Members, "a b a" },
        { MetadataKey.Members, "a B" },
        { MetadataKey.Left, "" },
        { MetadataKey.Left, "a B" },
        { MetadataKey.Released, "-1" },
        { MetadataKey.Released, "1 " },
        { MetadataKey.Released, "18446744073709551616" },
    };

    [Fact]
    public void Reads_what_it_writes()
    {
        ClusterSettings settings = new(new Optimism(2, ReplicaLossPolicy.Degrade), ["one", "two", "three-3"], new EventNumber(ulong.MaxValue));
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(ClusterSettingsCodec.Write(settings)) { [MetadataKey.Who] = new byte[] { 7 } };

        ClusterSettings read = ClusterSettingsCodec.Read(metadata);

        Assert.Equal((settings.Optimism, settings.Released), (read.Optimism, read.Released));
        Assert.Equal(settings.Members, read.Members);
        Assert.Equal("one two three-3", Encoding.ASCII.GetString(metadata[MetadataKey.Members].Span));
    }

    [Fact]
    public void What_was_imported_into_a_log_that_a_cluster_had_is_history_too()
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(ClusterSettingsCodec.Write(new ClusterSettings(null, null, EventNumber.None, History: new EventNumber(5))));
        Assert.Equal(new EventNumber(5), ClusterSettingsCodec.Read(metadata).History);
        metadata[MetadataKey.Import] = new ImportMark(IsComplete: true, new EventNumber(610)).ToBytes();
        Assert.Equal(new EventNumber(610), ClusterSettingsCodec.Read(metadata).History);
        metadata.Remove(MetadataKey.History);
        Assert.Null(ClusterSettingsCodec.Read(metadata).History);
    }

    [Fact]
    public void Who_leaves_is_remembered_and_is_out_from_the_first_write_on()
    {
        ClusterSettings before = new(null, ["a", "b", "c"], EventNumber.None);
        ClusterSettings after = before.WithMembers(["a", "c", "d"], before.Members!);
        Assert.Equal(["b"], after.Left!);
        after = after.WithMembers(["a"], after.Members!);
        Assert.Equal(["b", "c", "d"], after.Left!);
        Assert.Equal(MetadataKey.Left, ClusterSettingsCodec.Keys[0]);

        // A crash after the first of the writes.
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new(ClusterSettingsCodec.Write(before));
        metadata[MetadataKey.Left] = Encoding.ASCII.GetBytes("b");
        ClusterSettings half = ClusterSettingsCodec.Read(metadata);
        Assert.Equal(["a", "c"], half.Members!);
        Assert.Equal(["b"], half.Left!);

        ClusterSettings many = before;
        for (int index = 0; index < 100; index++)
            many = many.WithMembers(["a", $"x{index}"], many.Members!);
        Assert.Equal(ClusterSettings.MostLeft, many.Left!.Count);
        Assert.Equal("x98", many.Left[^1]);
    }

    [Fact]
    public void What_is_not_there_is_not_said()
    {
        Assert.Empty(ClusterSettingsCodec.Write(default));
        Assert.Equal(default, ClusterSettingsCodec.Read(new Dictionary<string, ReadOnlyMemory<byte>>()));
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Refuses_what_nobody_writes(string key, string text)
    {
        Dictionary<string, ReadOnlyMemory<byte>> metadata = new() { [key] = Encoding.ASCII.GetBytes(text) };
        SeguroException error = Assert.Throws<SeguroException>(() => ClusterSettingsCodec.Read(metadata));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }
}
