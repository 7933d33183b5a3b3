namespace Seguro.Core;

/// <summary>How a payload is cut for a store: fragment 0 goes with the append, the rest is staged before it.</summary>
/// <remarks>Every fragment but the last is full, so a fragment's place follows from its index.</remarks>
public readonly record struct FragmentPlan
{
    private FragmentPlan(long size, int fragmentSize)
    {
        Size = size;
        FragmentSize = fragmentSize;
        Count = size == 0 ? 1 : checked((int)((size + fragmentSize - 1) / fragmentSize));
    }

    /// <summary>The payload's size, in bytes.</summary>
    public long Size { get; }

    /// <summary>The size of each fragment but the last, in bytes.</summary>
    public int FragmentSize { get; }

    /// <summary>How many fragments there are: at least one, for an empty payload too.</summary>
    public int Count { get; }

    /// <summary>Plans for a payload of <paramref name="size"/> bytes.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.TooLarge"/>: the store can't hold it; nothing was written.</exception>
    public static FragmentPlan For(long size, StoreCapabilities capabilities)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentNullException.ThrowIfNull(capabilities);
        if (size > capabilities.LargestEvent)
        {
            throw new SeguroException(
                ErrorCode.TooLarge,
                $"an event of {size:N0} bytes is larger than {capabilities.Engine} may hold here ({capabilities.LargestEvent:N0} bytes)",
                "Nothing was written. Use a store with a higher limit (postgres, lmdb, sqlite and rocksdb hold events of 1 GiB and more).");
        }
        return new FragmentPlan(size, capabilities.LargestFragment);
    }

    /// <summary>Where fragment <paramref name="index"/> begins, in bytes.</summary>
    public long Offset(int index) => (long)index * FragmentSize;

    /// <summary>How long fragment <paramref name="index"/> is, in bytes.</summary>
    public int Length(int index) => (int)Math.Min(FragmentSize, Size - Offset(index));

    /// <summary>Cuts fragment <paramref name="index"/> out of the payload, without a copy.</summary>
    public ReadOnlyMemory<byte> Cut(ReadOnlyMemory<byte> payload, int index) => payload.Slice(checked((int)Offset(index)), Length(index));
}
