using CsCheck;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>Damaged and hostile files: an error, or the very events; never a fault of the process. liblmdb itself ends the process on some of them.</summary>
public sealed class HostilePierTests : IDisposable
{
    private const ulong Last = 400;
    private readonly TemporaryFolder _folder = new("hostile");

    [Fact]
    public void A_flipped_bit_is_found_or_harmless()
    {
        (string path, string file, byte[] good) = Make();
        Gen.Select(Gen.Long[0, (good.Length * 8L) - 1], Gen.Bool).Sample(
            (bit, isLive) =>
            {
                byte[] bad = [.. good];
                bad[bit / 8] ^= (byte)(1 << (int)(bit % 8));
                File.WriteAllBytes(file, bad);
                Check(path, isLive ? PierAccess.Live : PierAccess.Offline, mostDamagedEvents: 1);
            },
            iter: 600,
            threads: 1);
    }

    [Fact]
    public void A_flipped_bit_in_the_heads_of_pages_is_found_or_harmless()
    {
        (string path, string file, byte[] good) = Make();
        Gen.Select(Gen.Int[0, (good.Length / 4096) - 1], Gen.Int[0, 63], Gen.Int[0, 7]).Sample(
            (page, at, bit) =>
            {
                byte[] bad = [.. good];
                bad[(page * 4096) + at] ^= (byte)(1 << bit);
                File.WriteAllBytes(file, bad);
                Check(path, PierAccess.Offline, mostDamagedEvents: 1);
            },
            iter: 1000,
            threads: 1);
    }

    [Fact]
    public void Garbage_in_a_page_is_found_or_content()
    {
        (string path, string file, byte[] good) = Make();
        Gen.Select(Gen.Int[0, (good.Length / 4096) - 1], Gen.Int[0, 4000], Gen.Byte.Array[1, 96]).Sample(
            (page, at, garbage) =>
            {
                byte[] bad = [.. good];
                garbage.CopyTo(bad, (page * 4096) + at);
                File.WriteAllBytes(file, bad.AsSpan(0, good.Length));
                Check(path, PierAccess.Offline, mostDamagedEvents: 4096 / 8);
            },
            iter: 500,
            threads: 1);
    }

    [Fact]
    public void A_cut_off_file_is_refused_wherever_it_ends()
    {
        (string path, string file, byte[] good) = Make();
        Gen.Int[0, good.Length - 1].Sample(
            length =>
            {
                File.WriteAllBytes(file, good.AsSpan(0, length));
                SeguroException refusal = Assert.Throws<SeguroException>(() => Pier.Open(path, PierAccess.Offline));
                Assert.Contains(refusal.Code, new[] { ErrorCode.Corrupt, ErrorCode.NotAPier });
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void Another_programs_file_is_refused()
    {
        (string path, string file, byte[] good) = Make();
        foreach (byte[] other in new byte[][] { [], "SQLite format 3\0"u8.ToArray(), new byte[1 << 20], [.. Enumerable.Repeat((byte)0xFF, 1 << 16)] })
        {
            File.WriteAllBytes(file, other);
            Assert.Equal(ErrorCode.Corrupt, Assert.Throws<SeguroException>(() => Pier.Open(path, PierAccess.Offline)).Code);
        }
        byte[] newer = [.. good];
        newer[20] = 3;
        File.WriteAllBytes(file, newer);
        Assert.Equal(ErrorCode.NewerSchema, Assert.Throws<SeguroException>(() => Pier.Open(path, PierAccess.Offline)).Code);
    }

    public void Dispose() => _folder.Dispose();

    private (string Path, string File, byte[] Good) Make()
    {
        string path = PierBuilder.Epochs(_folder["pier"], [3], (0, "2", 1, Last));
        string file = Path.Combine(PierFiles.LogOf(path), "0i0", "data.mdb");
        return (path, file, File.ReadAllBytes(file));
    }

    /// <summary>
    /// Every number must be there, once and in order. LMDB has no checksums: what a payload's bytes are, and the exact size within its last
    /// page, can't be told to be wrong; but it must be the payload of its number.
    /// </summary>
    private static void Check(string path, PierAccess access, int mostDamagedEvents)
    {
        try
        {
            using Pier pier = Pier.Open(path, access);
            Assert.Equal(Last, pier.Info.Last.Value);
            ulong next = 1;
            int damaged = 0;
            foreach (PierEvent read in pier.Read(pier.Info.First, pier.Info.Last))
            {
                Assert.Equal(next, read.Number.Value);
                byte[] expected = PierBuilder.Payload(next, PierBuilder.SizeOf(next));
                if (!read.Payload.Span.SequenceEqual(expected))
                {
                    damaged++;
                    int differing = 0;
                    for (int i = 0; i < Math.Min(expected.Length, read.Payload.Length); i++)
                        differing += expected[i] == read.Payload.Span[i] ? 0 : 1;
                    Assert.True(differing <= 100, $"event {next} is another one");
                }
                next++;
            }
            Assert.Equal(Last + 1, next);
            Assert.True(damaged <= mostDamagedEvents, $"{damaged} events are damaged");
        }
        catch (SeguroException found)
        {
            Assert.True(found.Code is ErrorCode.Corrupt or ErrorCode.NewerSchema or ErrorCode.NotAPier or ErrorCode.Gap or ErrorCode.BadEvent, $"{found.Code}: {found.Message}");
            Assert.NotEmpty(found.NextStep);
        }
    }
}
