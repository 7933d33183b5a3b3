using System.Diagnostics;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

public sealed class PierWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("writer");

    [Theory]
    [InlineData(0UL)]
    [InlineData(1_000_000UL)]
    public void What_it_writes_is_a_pier_of_vere_4(ulong start)
    {
        string path = _folder["pier"];
        PierIdentity identity = new(0x1_0203_0405, IsFake: false, Life: 5);
        using (PierWriter writer = PierWriter.Create(path, identity, new(start), "4.6"))
        {
            for (ulong number = start + 1; number <= start + 2000; number++)
                writer.Append(new(number), PierBuilder.Payload(number, PierBuilder.SizeOf(number)));
            Assert.False(Path.Exists(path));
            writer.Complete();
        }
        using Pier pier = Pier.Open(path, PierAccess.Exclusive);
        Assert.Equal(identity, pier.Info.Identity);
        Assert.Equal(PierLayout.EpochsV4, pier.Info.Layout);
        Assert.Equal((start + 1, start + 2000), (pier.Info.First.Value, pier.Info.Last.Value));
        Assert.True(PierBuilder.HoldsItsEvents(pier));
        string epoch = Path.Combine(PierFiles.LogOf(path), $"0i{start}");
        Assert.Equal("2", File.ReadAllText(Path.Combine(epoch, "epoc.txt")));
        Assert.Equal("4.6", File.ReadAllText(Path.Combine(epoch, "vere.txt")));
        Assert.Equal(["data.mdb", "epoc.txt", "vere.txt"], Directory.EnumerateFiles(epoch).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.False(Path.Exists(path + ".seguro-partial"));
    }

    [Fact]
    public void The_events_of_a_real_pier_come_back()
    {
        using Pier real = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        using (PierWriter writer = PierWriter.Create(_folder["pier"], real.Info.Identity, real.Info.Base, real.Info.VereVersion))
        {
            foreach (PierPiece piece in real.ReadPieces(real.Info.First, real.Info.Last))
            {
                if (piece.Offset == 0)
                    writer.Begin(piece.Number, piece.Size);
                writer.Add(piece.Bytes.Span);
            }
            writer.Complete();
        }
        using Pier copy = Pier.Open(_folder["pier"], PierAccess.Offline);
        Assert.Equal((real.Info.Identity, real.Info.Last, real.Info.Bytes), (copy.Info.Identity, copy.Info.Last, copy.Info.Bytes));
        foreach ((PierEvent expected, PierEvent read) in real.Read(real.Info.First, real.Info.Last).Zip(copy.Read(copy.Info.First, copy.Info.Last)))
            Assert.True(expected.Payload.Span.SequenceEqual(read.Payload.Span), $"event {expected.Number}");
    }

    [Fact]
    public void An_event_larger_than_memory_should_hold_goes_through_the_map()
    {
        const long Size = 200L << 20;
        byte[] piece = PierBuilder.Payload(7, 1 << 20);
        using (PierWriter writer = PierWriter.Create(_folder["pier"], PierBuilder.Zod, default, "4.6"))
        {
            writer.Append(new(1), piece);
            writer.Begin(new(2), Size);
            long before = ResidentBytes();
            for (long done = 0; done < Size; done += piece.Length)
                writer.Add(piece);
            Assert.InRange(ResidentBytes() - before, long.MinValue, 64L << 20);
            writer.Append(new(3), piece);
            writer.Complete();
        }
        using Pier pier = Pier.Open(_folder["pier"], PierAccess.Offline);
        Assert.Equal(Size + (2 * piece.Length), pier.Info.Bytes);
        Assert.InRange(new FileInfo(Path.Combine(PierFiles.LogOf(_folder["pier"]), "0i0", "data.mdb")).Length, pier.Info.Bytes, pier.Info.Bytes + (1 << 20));
        Assert.All(pier.ReadPieces(new(1), new(3), piece.Length), read => Assert.True(read.Bytes.Span.SequenceEqual(piece)));
    }

    [Fact]
    public void Nothing_is_left_of_a_pier_that_was_not_completed()
    {
        using (PierWriter writer = PierWriter.Create(_folder["pier"], PierBuilder.Zod, default, "4.6"))
            writer.Append(new(1), [1, 2, 3, 4, 5]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_leftover_of_a_crash_is_made_anew()
    {
        Directory.CreateDirectory(_folder["pier.seguro-partial/.urb/log/0i7"]);
        using PierWriter writer = PierWriter.Create(_folder["pier"], PierBuilder.Zod, default, "4.6");
        writer.Complete();
        using Pier pier = Pier.Open(_folder["pier"], PierAccess.Offline);
        Assert.True(pier.Info.IsEmpty);
    }

    [Fact]
    public void Never_overwrites()
    {
        Directory.CreateDirectory(_folder["pier"]);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(() => PierWriter.Create(_folder["pier"], PierBuilder.Zod, default, "4.6")).Code);
        using PierWriter writer = PierWriter.Create(_folder["other"], PierBuilder.Zod, default, "4.6");
        File.WriteAllText(_folder["other"], "made meanwhile");
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<SeguroException>(writer.Complete).Code);
        Assert.Equal("made meanwhile", File.ReadAllText(_folder["other"]));
    }

    [Fact]
    public void Refuses_a_gap_and_a_bad_version()
    {
        using PierWriter writer = PierWriter.Create(_folder["pier"], PierBuilder.Zod, new(9), "4.6");
        Assert.Equal(ErrorCode.Gap, Assert.Throws<SeguroException>(() => writer.Append(new(9), [1])).Code);
        Assert.Equal(ErrorCode.Gap, Assert.Throws<SeguroException>(() => writer.Append(new(11), [1])).Code);
        foreach (string version in new[] { "", "4.6\n", new string('4', 127) })
            Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => PierWriter.Create(_folder["bad"], PierBuilder.Zod, default, version)).Code);
    }

    [Fact]
    public void A_full_disk_is_an_error_and_leaves_nothing()
    {
        Assert.SkipUnless(TemporaryDisk.IsAllowed, "a small disk can be mounted by root only");
        foreach (int size in new[] { 1 << 20, 40 << 20 })
        {
            // A disk each: a process that another test starts just then keeps the deleted file's room for a moment.
            using TemporaryDisk disk = new("writer", 64);
            using (PierWriter writer = PierWriter.Create(disk["pier"], PierBuilder.Zod, default, "4.6"))
            {
                byte[] payload = new byte[size];
                SeguroException full = Assert.Throws<SeguroException>(() =>
                {
                    for (ulong number = 1; number < 200; number++)
                        writer.Append(new(number), payload);
                });
                Assert.Equal(ErrorCode.DiskFull, full.Code);
            }
            Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Path));
        }
    }

    public void Dispose() => _folder.Dispose();

    private static long ResidentBytes()
    {
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
