using System.Runtime.CompilerServices;

namespace Seguro.Sdk;

/// <summary>The caller's own pieces failed, before anything of the event could be seen: no fault of the store's, so the writer goes on.</summary>
internal sealed class PiecesException(Exception inner) : Exception(inner.Message, inner)
{
    /// <summary>The same pieces, whose failures are told from the store's, and whose bytes are counted before the last is handed on.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> From(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, long size, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        long left = size;
        await using IAsyncEnumerator<ReadOnlyMemory<byte>> each = pieces.GetAsyncEnumerator(cancel);
        while (true)
        {
            bool hasMore;
            try
            {
                hasMore = await each.MoveNextAsync();
            }
            catch (Exception error)
            {
                throw new PiecesException(error);
            }
            if (!hasMore)
                break;
            left -= each.Current.Length;
            if (left < 0)
                throw new PiecesException(new InvalidOperationException($"The pieces are more than the {size:N0} bytes of the event."));
            yield return each.Current;
        }
        if (left > 0)
            throw new PiecesException(new InvalidOperationException($"The pieces are {left:N0} bytes fewer than the {size:N0} of the event."));
    }
}
