namespace Seguro.Testing;

/// <summary>A byte of what a store holds, changed until this is disposed of.</summary>
/// <param name="replace">Puts other bytes where the first ones are stored.</param>
/// <param name="stored">What is stored.</param>
/// <param name="flipped">The same with a bit of its middle changed.</param>
sealed class FlippedByte(Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, CancellationToken, Task> replace, ReadOnlyMemory<byte> stored, ReadOnlyMemory<byte> flipped) : IAsyncDisposable
{
    /// <summary>Changes one in the middle.</summary>
    public static async Task<IAsyncDisposable> FlipAsync(
        ReadOnlyMemory<byte> stored, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>, CancellationToken, Task> replace, CancellationToken cancel)
    {
        byte[] flipped = stored.ToArray();
        flipped[flipped.Length / 2] ^= 0x10;
        await replace(stored, flipped, cancel);
        return new FlippedByte(replace, stored, flipped);
    }

    public async ValueTask DisposeAsync() => await replace(flipped, stored, CancellationToken.None);
}
