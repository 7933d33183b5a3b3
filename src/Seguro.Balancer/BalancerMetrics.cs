using System.Diagnostics.Metrics;

namespace Seguro.Balancer;

/// <summary>
/// A balancer's counts as metrics of the meter <c>Seguro.Balancer</c>; read when somebody collects them, so that datagrams cost nothing more. With many ships each has its number as the label
/// <c>ship</c>, once it has members or had datagrams.
/// </summary>
internal sealed class BalancerMetrics : IDisposable
{
    private static readonly (string Reason, Func<BalancerStats, long> Count)[] Reasons =
    [
        ("too_large", static stats => stats.TooLarge),
        ("not_ipv4", static stats => stats.NotIPv4),
        ("without_member", static stats => stats.WithoutMember),
        ("copy_refused", static stats => stats.CopiesRefused),
        ("public_overflow", static stats => stats.PublicOverflow),
        ("old_term", static stats => stats.OldTerm),
        ("release_refused", static stats => stats.ReleasesRefused),
        ("hello_repeated", static stats => stats.HellosRepeated),
        ("hello_too_many", static stats => stats.HellosTooMany),
        ("malformed", static stats => stats.Malformed),
        ("forged", static stats => stats.Forged),
        ("unknown_key", static stats => stats.UnknownKey),
        ("unknown_sender", static stats => stats.UnknownSender),
        ("wrong_kind", static stats => stats.WrongKind),
        ("wrong_ship", static stats => stats.WrongShip),
        ("inside_overflow", static stats => stats.InsideOverflow),
    ];

    private readonly Meter _meter = new("Seguro.Balancer");

    public BalancerMetrics(UdpBalancer balancer)
    {
        Counter("datagrams", "{datagram}", "Datagrams that came in from outside.", static stats => stats.Datagrams);
        Counter("copies", "{datagram}", "Copies sent to members.", static stats => stats.Copies);
        Counter("released", "{datagram}", "Effects sent from the public address.", static stats => stats.Released);
        _meter.CreateObservableCounter("seguro.balancer.dropped", () => Read(balancer).SelectMany(static ship => Reasons.Select(reason => Of(ship, reason.Count, reason.Reason))), "{datagram}", "What was dropped, by reason.");
        Gauge("term", null, "The highest term that a master showed.", static stats => (long)stats.Term);
        Counter("terms.refused", "{term}", "Terms that a member said it is master of, and that were not believed.", static stats => stats.TermsRefused);
        Counter("terms.takenback", "{term}", "Terms that were taken back, because no other member backed them.", static stats => stats.TermsTakenBack);
        Gauge("members", "{member}", "Members that get what comes in.", static stats => stats.Members);

        void Counter(string name, string unit, string what, Func<BalancerStats, long> count) =>
            _meter.CreateObservableCounter($"seguro.balancer.{name}", () => Read(balancer).Select(ship => Of(ship, count)), unit, what);
        void Gauge(string name, string? unit, string what, Func<BalancerStats, long> value) =>
            _meter.CreateObservableGauge($"seguro.balancer.{name}", () => Read(balancer).Select(ship => Of(ship, value)), unit, what);
    }

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<(int? Ship, BalancerStats Stats)> Read(UdpBalancer balancer) => balancer.Ships == 1
        ? [(null, balancer.Stats)]
        : balancer.Stats.Ships!.Select(static ship => ((int?)ship.Key, ship.Value));

    private static Measurement<long> Of((int? Ship, BalancerStats Stats) ship, Func<BalancerStats, long> count, string? reason = null)
    {
        List<KeyValuePair<string, object?>> tags = reason is null ? [] : [new("reason", reason)];
        if (ship.Ship is { } number)
            tags.Add(new("ship", number));
        return new Measurement<long>(count(ship.Stats), tags);
    }
}
