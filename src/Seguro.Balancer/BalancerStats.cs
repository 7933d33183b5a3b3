namespace Seguro.Balancer;

/// <summary>What a balancer did since it started: counts of datagrams, unless said otherwise.</summary>
/// <param name="Datagrams">Came in from outside.</param>
/// <param name="Copies">Were sent to members.</param>
/// <param name="TooLarge">From outside: larger than a frame can carry; dropped.</param>
/// <param name="NotIPv4">From outside: of an IPv6 peer, which no ship could hear of or answer; dropped.</param>
/// <param name="WithoutMember">From outside: there was no member to give them to; dropped.</param>
/// <param name="CopiesRefused">Copies that the kernel did not take (no route, its buffer full); dropped.</param>
/// <param name="PublicOverflow">From outside: the kernel dropped them because the balancer did not keep up.</param>
/// <param name="Released">Effects that left from the public address.</param>
/// <param name="OldTerm">Effects of a lower term than the highest seen; dropped.</param>
/// <param name="ReleasesRefused">Effects that the kernel did not take (no route, an impossible address); dropped.</param>
/// <param name="Hellos">Hellos that were taken.</param>
/// <param name="HellosRepeated">Hellos that were not newer than one heard before; dropped.</param>
/// <param name="HellosTooMany">Hellos of a member beyond the most; dropped.</param>
/// <param name="Malformed">Came in from the members' side and were no frames; dropped.</param>
/// <param name="Forged">Frames with a wrong MAC; dropped.</param>
/// <param name="UnknownKey">Frames by a key that is not in the ring: of a member that left, or whose new key did not get here; dropped.</param>
/// <param name="UnknownSender">Effects from an address that is no member's; dropped.</param>
/// <param name="WrongKind">Frames that a balancer sends and never gets; dropped.</param>
/// <param name="WrongShip">Frames that were made for another ship, by a member of the cluster; dropped.</param>
/// <param name="InsideOverflow">From the members' side: the kernel dropped them because the balancer did not keep up.</param>
/// <param name="SocketErrors">Errors of the system while receiving; the balancer went on.</param>
/// <param name="Term">The highest term that a master showed; 0 before the first.</param>
/// <param name="TermsRefused">How often a term was not believed that a member said it is master of.</param>
/// <param name="TermsTakenBack">How often a term was taken back that no other member backed.</param>
/// <param name="Members">How many members get what comes in, now.</param>
public sealed record BalancerStats(
    long Datagrams,
    long Copies,
    long TooLarge,
    long NotIPv4,
    long WithoutMember,
    long CopiesRefused,
    long PublicOverflow,
    long Released,
    long OldTerm,
    long ReleasesRefused,
    long Hellos,
    long HellosRepeated,
    long HellosTooMany,
    long Malformed,
    long Forged,
    long UnknownKey,
    long UnknownSender,
    long WrongKind,
    long WrongShip,
    long InsideOverflow,
    long SocketErrors,
    ulong Term,
    long TermsRefused,
    long TermsTakenBack,
    int Members)
{
    /// <summary>The way to the ship's HTTP; <see langword="null"/> where there is none.</summary>
    public HttpRelayStats? Http { get; init; }

    /// <summary>What was done for each ship that has members or had datagrams; <see langword="null"/> where there is one ship.</summary>
    public IReadOnlyDictionary<int, BalancerStats>? Ships { get; init; }

    /// <summary>With the kernel's rules: datagrams from the ship's port of members that are not master, which the kernel dropped; <see langword="null"/> where there are no rules.</summary>
    public long? Strays { get; init; }

    /// <summary>The sums; of the term the highest.</summary>
    internal static BalancerStats SumOf(IReadOnlyList<BalancerStats> ships) => ships.Count == 1 ? ships[0] : new BalancerStats(
        ships.Sum(static ship => ship.Datagrams),
        ships.Sum(static ship => ship.Copies),
        ships.Sum(static ship => ship.TooLarge),
        ships.Sum(static ship => ship.NotIPv4),
        ships.Sum(static ship => ship.WithoutMember),
        ships.Sum(static ship => ship.CopiesRefused),
        ships.Sum(static ship => ship.PublicOverflow),
        ships.Sum(static ship => ship.Released),
        ships.Sum(static ship => ship.OldTerm),
        ships.Sum(static ship => ship.ReleasesRefused),
        ships.Sum(static ship => ship.Hellos),
        ships.Sum(static ship => ship.HellosRepeated),
        ships.Sum(static ship => ship.HellosTooMany),
        ships.Sum(static ship => ship.Malformed),
        ships.Sum(static ship => ship.Forged),
        ships.Sum(static ship => ship.UnknownKey),
        ships.Sum(static ship => ship.UnknownSender),
        ships.Sum(static ship => ship.WrongKind),
        ships.Sum(static ship => ship.WrongShip),
        ships.Sum(static ship => ship.InsideOverflow),
        ships.Sum(static ship => ship.SocketErrors),
        ships.Max(static ship => ship.Term),
        ships.Sum(static ship => ship.TermsRefused),
        ships.Sum(static ship => ship.TermsTakenBack),
        ships.Sum(static ship => ship.Members))
    {
        Ships = ships.Index().Where(static ship => ship.Item.Members > 0 || ship.Item.Datagrams > 0 || ship.Item.Released > 0).ToDictionary(static ship => ship.Index, static ship => ship.Item),
    };
}
