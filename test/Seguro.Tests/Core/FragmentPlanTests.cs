using CsCheck;
using Seguro.Core;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Core;

public sealed class FragmentPlanTests
{
    [Fact]
    public void Cutting_and_joining_give_the_payload_back() =>
        Gen.Select(Gen.Int[0, 3000], Gen.Int[1, 700]).Sample(static (size, fragment) =>
        {
            byte[] payload = SeededPayload.Of((ulong)size, size);
            FragmentPlan plan = FragmentPlan.For(size, Of(fragment, 5000));
            Assert.Equal(Math.Max(1, (size + fragment - 1) / fragment), plan.Count);
            List<byte> joined = [];
            for (int index = 0; index < plan.Count; index++)
            {
                ReadOnlyMemory<byte> piece = plan.Cut(payload, index);
                Assert.Equal(plan.Offset(index), joined.Count);
                Assert.Equal(plan.Length(index), piece.Length);
                Assert.True(index == plan.Count - 1 || piece.Length == fragment);
                joined.AddRange(piece.Span);
            }
            Assert.Equal(payload, joined);
        });

    [Fact]
    public void The_counts_around_a_full_fragment_are_right()
    {
        StoreCapabilities can = Of(1000, 1L << 40);
        Assert.Equal((1, 1, 1, 2, 2, 3), (Count(0), Count(999), Count(1000), Count(1001), Count(2000), Count(2001)));
        FragmentPlan large = FragmentPlan.For(5_000_000_001, Of(1 << 30, 1L << 40));
        Assert.Equal(5, large.Count);
        Assert.Equal(4L << 30, large.Offset(4));
        Assert.Equal(5_000_000_001 - (4L << 30), large.Length(4));

        int Count(long size) => FragmentPlan.For(size, can).Count;
    }

    [Fact]
    public void More_than_the_store_holds_is_refused_with_the_limit()
    {
        Assert.Equal(1, FragmentPlan.For(1000, Of(1000, 1000)).Count);
        SeguroException refusal = Assert.Throws<SeguroException>(static () => FragmentPlan.For(1001, Of(10, 1000)));
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.Contains("1,001", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("1,000", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(static () => FragmentPlan.For(-1, Of(10, 1000)));
        Assert.Throws<OverflowException>(static () => FragmentPlan.For(1L << 40, Of(1, 1L << 40)));
    }

    private static StoreCapabilities Of(int fragment, long largest) =>
        new ModelOptions { LargestFragment = fragment, LargestEvent = largest }.Capabilities;
}
