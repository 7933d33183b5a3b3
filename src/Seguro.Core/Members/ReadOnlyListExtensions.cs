namespace Seguro.Core;

internal static class ReadOnlyListExtensions
{
    /// <summary>The place of an item; -1 where it is not in the list.</summary>
    public static int IndexOf(this IReadOnlyList<string> list, string item)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i] == item)
                return i;
        }
        return -1;
    }
}
