using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

public sealed class RealPierTests
{
    [Theory]
    [InlineData("zod", PierLayout.EpochsV4, "4.6", 925, 1)]
    [InlineData("zod-epochs", PierLayout.EpochsV4, "4.6", 2074, 2)]
    [InlineData("zod-3.5", PierLayout.EpochsV3, "3.5", 0, 1)]
    public void Tells_what_a_real_pier_holds(string name, PierLayout layout, string vere, ulong last, int epochs)
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, name), PierAccess.Offline);

        Assert.Equal(layout, pier.Info.Layout);
        Assert.StartsWith(vere, pier.Info.VereVersion, StringComparison.Ordinal);
        Assert.Equal(new PierIdentity(0, IsFake: true, Life: 5), pier.Info.Identity);
        Assert.Equal(3, pier.Info.MetaVersion);
        Assert.Equal(epochs, pier.Info.Epochs.Count);
        Assert.Equal(new EventNumber(1), pier.Info.First);
        if (last > 0)
            Assert.Equal(new EventNumber(last), pier.Info.Last);
        Assert.Equal(PierHold.Free, pier.Info.Hold);
        Assert.Equal(pier.Info.Bytes, pier.Read(pier.Info.First, pier.Info.Last).Sum(static read => (long)read.Payload.Length));
    }

    [Fact]
    public void Pieces_of_any_size_make_the_same_events()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod-epochs"), PierAccess.Offline);
        string whole = Hash(pier.Read(pier.Info.First, pier.Info.Last).Select(static read => read.Payload));

        foreach (int size in new[] { 7, 4096, 1 << 20 })
            Assert.Equal(whole, Hash(pier.ReadPieces(pier.Info.First, pier.Info.Last, size).Select(static piece => piece.Bytes)));
    }

    private static string Hash(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ReadOnlyMemory<byte> piece in pieces)
            hash.AppendData(piece.Span);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
