using System.Buffers;

namespace Seguro.Nouns;

/// <summary>Growing of arrays that come from the shared pool.</summary>
static class Pooled
{
    /// <summary>An array of at least twice the size (or the largest there can be) with the first <paramref name="used"/> elements; the old one goes back, cleared of references.</summary>
    public static T[] Grow<T>(T[] array, int used)
    {
        T[] larger = ArrayPool<T>.Shared.Rent((int)Math.Min(2L * array.Length, Array.MaxLength));
        Array.Copy(array, larger, used);
        Return(array, used);
        return larger;
    }

    /// <summary>Gives an array back, of which no more than the first <paramref name="used"/> elements were written.</summary>
    public static void Return<T>(T[] array, int used)
    {
        if (System.Runtime.CompilerServices.RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            Array.Clear(array, 0, used);
        ArrayPool<T>.Shared.Return(array);
    }
}
