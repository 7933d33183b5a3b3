using System.Buffers;
using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Vere.Standby;

/// <summary>What a worker says, by the first bytes of each frame: nobody needs the rest of what a standby's worker says, which may be gigabytes. Not a byte is read beyond a frame.</summary>
/// <param name="worker">The worker's standard output.</param>
sealed class GiftHeads(Stream worker)
{
    private const int SkipBytes = 64 * 1024;

    /// <summary>
    /// Reads the next frame that is no text, nor, where none was asked for, the word that a snapshot was written: a worker writes one by its own
    /// timer, too. A read from a pipe can't be ended: after a cancellation it goes on until the worker is ended, and nothing may be read any more.
    /// </summary>
    /// <returns>Its head, and whether that is all of it; <see langword="null"/> where the worker ended.</returns>
    /// <exception cref="SeguroException"><see cref="ErrorCode.Corrupt"/>: what came is no frame.</exception>
    public Task<(byte[] Head, bool IsWhole)?> ReadAsync(bool wasToSave, CancellationToken cancel) => NextAsync(wasToSave).WaitAsync(cancel);

    /// <summary>The word that a frame begins with.</summary>
    public static ulong TagOf(ReadOnlySpan<byte> head)
    {
        Span<ulong> atoms = stackalloc ulong[1];
        return JamHead.Read(head, atoms) == 1 ? atoms[0] : 0;
    }

    private async Task<(byte[] Head, bool IsWhole)?> NextAsync(bool wasToSave)
    {
        byte[] header = new byte[Newt.HeaderBytes];
        while (true)
        {
            int got = await worker.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false);
            if (got == 0)
                return null;
            if (got < header.Length)
                throw Newt.Torn(got, null);
            uint length = Newt.ReadLength(header);
            byte[] head = new byte[(int)Math.Min(length, NewtReader.HeadBytes)];
            await worker.ReadExactlyAsync(head);
            await SkipAsync(length - (uint)head.Length);
            if (TagOf(head) is var tag && tag is not (Tags.Slog or Tags.Flog) && (wasToSave || tag != Tags.Sync))
                return (head, head.Length == length);
        }
    }

    private async ValueTask SkipAsync(uint left)
    {
        if (left == 0)
            return;
        byte[] scratch = ArrayPool<byte>.Shared.Rent((int)Math.Min(left, SkipBytes));
        try
        {
            while (left > 0)
            {
                int part = (int)Math.Min(left, (uint)scratch.Length);
                await worker.ReadExactlyAsync(scratch.AsMemory(0, part));
                left -= (uint)part;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }
}
