namespace Seguro.Piers;

/// <summary>An entry of a page: where its key and its data lie in the page, in bytes.</summary>
/// <param name="Key">Where the key begins.</param>
/// <param name="KeySize">How long it is.</param>
/// <param name="Size">A leaf's: the size of the value.</param>
/// <param name="IsLarge">A leaf's: the value lies in overflow pages, the first of which is <paramref name="Page"/>.</param>
/// <param name="IsTable">A leaf's: the value is a table's record.</param>
/// <param name="Page">A branch's child, or the first overflow page.</param>
internal readonly record struct LmdbNode(int Key, int KeySize, uint Size, bool IsLarge, bool IsTable, ulong Page)
{
    /// <summary>The size of the header.</summary>
    public const int HeaderSize = 8;

    /// <summary>Where the value begins, if it is in the page.</summary>
    public int Value => Key + KeySize;
}
