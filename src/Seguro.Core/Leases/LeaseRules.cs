namespace Seguro.Core;

/// <summary>
/// What happens to a lease, decided without a clock. Stores written in C# call these; stores written in SQL say the same in a
/// conditional statement, and the conformance suite compares the two.
/// </summary>
public static class LeaseRules
{
    /// <summary>
    /// A campaign succeeds when the lease is still the one that the candidate saw; it makes the next term.
    /// A repeated campaign finds its own success.
    /// </summary>
    /// <returns>The lease to be stored and <see langword="true"/>, or the current lease and <see langword="false"/>.</returns>
    public static (Lease Lease, bool Won) Campaign(Lease current, Lease expected, string candidate, TimeSpan duration)
    {
        CheckCandidate(candidate, duration);
        if (current == expected)
            return (new Lease(current.Term.Next, candidate, 0, duration), true);
        bool repeated = current.Term == expected.Term.Next && current.Holder == candidate;
        return (current, repeated);
    }

    /// <summary>A renewal succeeds for the holder of the current term.</summary>
    public static (Lease Lease, bool Held) Renew(Lease current, Lease held) =>
        IsSameMastership(current, held) ? (current with { Renewals = current.Renewals + 1 }, true) : (current, false);

    /// <summary>A resignation keeps the term and frees the lease. Resigning what is already free in the same term changes nothing and succeeds.</summary>
    public static (Lease Lease, bool Resigned) Resign(Lease current, Lease held)
    {
        if (IsSameMastership(current, held))
            return (current with { Holder = "", Renewals = current.Renewals + 1 }, true);
        return (current, current.Term == held.Term && !current.IsHeld);
    }

    /// <summary>Refuses names and durations that no store could keep.</summary>
    public static void CheckCandidate(string candidate, TimeSpan duration)
    {
        ArgumentException.ThrowIfNullOrEmpty(candidate);
        if (System.Text.Encoding.UTF8.GetByteCount(candidate) > Lease.LongestHolder)
            throw new ArgumentException($"A holder's name has at most {Lease.LongestHolder} bytes.", nameof(candidate));
        if (duration < TimeSpan.FromMilliseconds(1) || duration > TimeSpan.FromHours(1))
            throw new ArgumentOutOfRangeException(nameof(duration), duration, "A lease lasts between a millisecond and an hour.");
    }

    private static bool IsSameMastership(Lease current, Lease held) =>
        held.IsHeld && current.Term == held.Term && current.Holder == held.Holder;
}
