namespace Seguro.Piers;

/// <summary>The branches above the leaf that was looked for last, in one table and one state of a file: its neighbours are found by reading one page.</summary>
/// <remarks>They are copies of what that state had, so they stay right for it; whoever goes on to another state forgets them first.</remarks>
internal sealed class LmdbPath(LmdbFile file)
{
    private readonly List<(ulong Number, LmdbPage Page)> _branches = [];

    /// <summary>A branch, checked; read where it is not at hand.</summary>
    /// <param name="level">How deep it lies, from 0.</param>
    /// <param name="number">Its page.</param>
    /// <param name="integerKeys">The table's keys are 8-byte numbers.</param>
    /// <param name="snapshot">The state that is read.</param>
    public LmdbPage Branch(int level, ulong number, bool integerKeys, in LmdbSnapshot snapshot)
    {
        if (level == _branches.Count)
            _branches.Add((0, new LmdbPage(file)));
        (ulong known, LmdbPage page) = _branches[level];
        if (known == number)
            return page;
        _branches[level] = (0, page);
        page.Load(number, integerKeys, snapshot);
        _branches[level] = (number, page);
        return page;
    }

    /// <summary>What is at hand belongs to a state that is no longer read.</summary>
    public void Forget()
    {
        for (int level = 0; level < _branches.Count; level++)
            _branches[level] = (0, _branches[level].Page);
    }
}
