using Seguro.Core;

namespace Seguro.Piers.LocalLogs;

/// <summary>Finds where two logs part, by bisecting their chains: two logs with the same chain at a number are the same up to it.</summary>
public static class LogFork
{
    /// <summary>Finds the last number at which two logs have the same chain.</summary>
    /// <remarks>Asks about 1 + log2 (<paramref name="upper"/> − <paramref name="lower"/>) times; once where the logs agree at <paramref name="upper"/>, which is the usual case.</remarks>
    /// <param name="lower">The lowest number at which both can be asked, or at which they are known to agree.</param>
    /// <param name="upper">The highest number that both have; not below <paramref name="lower"/>.</param>
    /// <param name="isSame">Do the logs have the same chain at a number?</param>
    /// <param name="cancel">Ends the search.</param>
    /// <returns>The number; <see langword="null"/> where they differ at <paramref name="lower"/> already.</returns>
    public static async ValueTask<EventNumber?> FindAsync(
        EventNumber lower, EventNumber upper, Func<EventNumber, CancellationToken, ValueTask<bool>> isSame, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(isSame);
        ArgumentOutOfRangeException.ThrowIfLessThan(upper, lower);
        if (await isSame(upper, cancel))
            return upper;
        if (upper == lower || !await isSame(lower, cancel))
            return null;
        EventNumber same = lower;
        EventNumber different = upper;
        while (different - same > 1)
        {
            EventNumber middle = same + ((different - same) / 2);
            if (await isSame(middle, cancel))
                same = middle;
            else
                different = middle;
        }
        return same;
    }
}
