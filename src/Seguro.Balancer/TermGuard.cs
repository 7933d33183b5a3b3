namespace Seguro.Balancer;

/// <summary>
/// Which term is the highest, so that what a deposed master still releases is dropped. Nobody can prove a term to the balancer, which does not see the store; so a master's word counts at once,
/// for safety, and is taken back when nobody backs it, so that one stolen key does not silence the ship.
/// </summary>
/// <remarks>
/// <para>The rule. A member that says it is master raises the term at once by at most <see cref="Step"/> (a takeover raises it by one, a recovery by
/// 256), or by any amount where another member says that
/// it knows that term, too, or where nobody else is there. Who raised it alone, and whom no other member has backed for <see cref="Patience"/> while others are there and all know of lower terms only,
/// is not believed: the term falls back to the highest that they know, and that member raises it no more unless another backs it.</para>
/// <para>Why it is safe to fall back: those that know of lower terms only would know of a true master's from its pushes, or from the store, within a
/// lease. Until they do, a deposed master can be among
/// them only while its own lease, which it measures itself, lasts.</para>
/// <para>Where nobody else is there, a term that a member raised fences nobody but itself: it is not dropped for it, and its own lower term takes that one's place. So whoever has the key of the only
/// member can't silence it.</para>
/// <para>For one thread, but for the counts.</para>
/// </remarks>
internal sealed class TermGuard(TimeProvider time)
{
    /// <summary>By how much one member may raise the term by its word alone.</summary>
    public const ulong Step = 1024;

    /// <summary>For how long its word alone counts, where others are there.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Who was heard within this is there. Members say hello once a second.</summary>
    public static readonly TimeSpan Presence = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, TermWord> _words = new(StringComparer.Ordinal);
    private ulong _term;
    private string? _alone;
    private long _aloneSince;
    private long _refused;
    private long _takenBack;
    private string? _trouble;

    /// <summary>The highest term in force; 0 before the first.</summary>
    public ulong Term => Volatile.Read(ref _term);

    /// <summary>How often a term was not taken.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>How often a term was taken back.</summary>
    public long TakenBack => Volatile.Read(ref _takenBack);

    /// <summary>The last of these, for people: a full sentence.</summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>Takes an authentic hello that is newer than the last one.</summary>
    public void Hear(string member, bool isMaster, ulong term)
    {
        TermWord word = Note(member, term);
        if (isMaster && Contradicts(member, term))
            TakeBack(member, term, $"{member} says that it is master of term {term}, and no other member is there");
        else if (isMaster)
            Claim(member, word, term);
        // Not of the one whose word is in question, and not of lower terms.
        if (_alone is { } alone && alone != member && term >= _term)
            Back();
    }

    /// <summary>May an effect leave, which a member releases as master of a term?</summary>
    public bool Admit(string member, ulong term)
    {
        if (term < _term)
            return Contradicts(member, term);
        if (term > _term)
            Claim(member, Note(member, term), term);
        return true;
    }

    /// <summary>Takes back what nobody backs. To be called about once a second.</summary>
    public void Look()
    {
        if (_alone is not { } alone || time.GetElapsedTime(_aloneSince) < Patience)
            return;
        ulong highest = 0;
        bool isAny = false;
        foreach ((string member, TermWord word) in _words)
        {
            if (member == alone || !IsThere(word))
                continue;
            isAny = true;
            highest = Math.Max(highest, word.Term);
        }
        if (!isAny || highest >= _term)
            return;
        _words[alone].IsDoubted = true;
        TakeBack(alone, highest, $"no other member knows of one above {highest}");
        _alone = null;
    }

    /// <summary>Forgets members that have no key any more.</summary>
    public void Keep(IReadOnlyCollection<string> members)
    {
        foreach (string gone in _words.Keys.Where(member => !members.Contains(member)).ToArray())
        {
            _words.Remove(gone);
            // Its word alone does not stand any longer than its key.
            if (_alone != gone)
                continue;
            Volatile.Write(ref _term, _words.Values.Select(static word => word.Term).DefaultIfEmpty().Max());
            _alone = null;
        }
    }

    private void Claim(string member, TermWord word, ulong term)
    {
        if (term <= _term)
            return;
        bool isAlone = true;
        bool isBacked = false;
        foreach ((string other, TermWord said) in _words)
        {
            if (other == member || !IsThere(said))
                continue;
            isAlone = false;
            isBacked |= said.Term >= term;
        }
        if (!isBacked && !isAlone && (word.IsDoubted || (_term != 0 && term - _term > Step)))
        {
            _refused++;
            Volatile.Write(ref _trouble, $"{member} says that it is master of term {term}, and nobody else knows of one above {_term}: it was not taken. If {member} does not say it, somebody has its key: seguro cluster keys rotate.");
            return;
        }
        if (isBacked)
            Back();
        else if (_alone != member)
            (_alone, _aloneSince) = (member, time.GetTimestamp()); // who goes on raising it alone wins no time
        if (isBacked)
            word.IsDoubted = false;
        Volatile.Write(ref _term, term);
    }

    private void TakeBack(string member, ulong to, string why)
    {
        _takenBack++;
        Volatile.Write(ref _trouble, $"{member} said that it is master of term {_term}, and {why}: the term was taken back. If {member} did not say it, somebody has its key: seguro cluster keys rotate.");
        Volatile.Write(ref _term, to);
    }

    /// <summary>It raised the term alone, nobody else is there, and it goes by a lower one itself.</summary>
    private bool Contradicts(string member, ulong term)
    {
        if (term >= _term || _alone != member)
            return false;
        foreach ((string other, TermWord said) in _words)
        {
            if (other != member && IsThere(said))
                return false;
        }
        return true;
    }

    private void Back()
    {
        if (_alone is { } alone)
            _words[alone].IsDoubted = false;
        _alone = null;
    }

    private TermWord Note(string member, ulong term)
    {
        if (!_words.TryGetValue(member, out TermWord? word))
            _words.Add(member, word = new TermWord());
        (word.Term, word.Heard) = (term, time.GetTimestamp());
        return word;
    }

    private bool IsThere(TermWord word) => time.GetElapsedTime(word.Heard) < Presence;
}
