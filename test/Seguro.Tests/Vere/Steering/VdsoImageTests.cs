using Seguro.Vere.Steering;

namespace Seguro.Tests.Vere.Steering;

/// <summary>The kernel's library is read within bounds, whatever is in its place.</summary>
public sealed class VdsoImageTests
{
    private static byte[] Own()
    {
        Assert.SkipUnless(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64, "steering is for x86-64");
        (long start, int size) = ProcessMemory.FindVdso(Environment.ProcessId)!.Value;
        using ProcessMemory memory = ProcessMemory.Open(Environment.ProcessId);
        return memory.Read(start, size);
    }

    [Fact]
    public void This_kernels_is_understood_and_the_stubs_run_in_a_copy_of_it()
    {
        VdsoImage? image = VdsoImage.Read(Own(), out string why);
        Assert.True(image is not null, why);
        Assert.Null(StubTrial.Run(image));
        Assert.Equal(ClockStub.ClockGettimeBytes, ClockStub.ClockGettime(image.ClockGettime.Offset).Length);
        Assert.Equal(ClockStub.GettimeofdayBytes, ClockStub.Gettimeofday(image.Gettimeofday.Offset).Length);
    }

    [Fact]
    public void What_is_none_is_refused_with_a_reason()
    {
        byte[] own = Own();
        Assert.Null(VdsoImage.Read([], out string why));
        Assert.NotEmpty(why);
        Assert.Null(VdsoImage.Read(Changed(own, 18, 0xb7), out why)); // for aarch64
        Assert.Contains("x86-64", why, StringComparison.Ordinal);
        Assert.Null(VdsoImage.Read(Changed(own, 47, 0x7f), out _)); // sections beyond the end
        Assert.Null(VdsoImage.Read(Changed(own, 60, 0), out why));
        Assert.Contains("symbols", why, StringComparison.Ordinal);
        int name = own.AsSpan().IndexOf("__vdso_gettimeofday"u8);
        Assert.Null(VdsoImage.Read(Changed(own, name, (byte)'x'), out why));
        Assert.Contains("functions", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_read_within_bounds()
    {
        byte[] own = Own();
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int length = 0; length < own.Length; length += 1 + random.Next(64))
            _ = VdsoImage.Read(own[..length], out _);
        int sections = BitConverter.ToInt32(own, 40);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. own];
            for (int change = random.Next(1, 8); change > 0; change--)
            {
                int from = random.Next(4) == 0 ? sections : 0;
                bytes[Math.Min(from + random.Next(1100), bytes.Length - 1)] = (byte)random.Next(256);
            }
            if (VdsoImage.Read(bytes, out _) is not { } image)
                continue;
            Assert.InRange(image.ClockGettime.Offset, 64, bytes.Length - image.ClockGettime.Size);
            Assert.InRange(image.Gettimeofday.Offset, 64, bytes.Length - image.Gettimeofday.Size);
        }
    }

    private static byte[] Changed(byte[] bytes, int at, byte value)
    {
        byte[] changed = [.. bytes];
        changed[at] = value;
        return changed;
    }
}
