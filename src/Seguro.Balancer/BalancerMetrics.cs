using System.Diagnostics.Metrics;

namespace Seguro.Balancer;

/// <summary>A balancer's counts as metrics of the meter <c>Seguro.Balancer</c>; read when somebody collects them, so that datagrams cost nothing more.</summary>
internal sealed class BalancerMetrics : IDisposable
{
    private readonly Meter _meter = new("Seguro.Balancer");

    public BalancerMetrics(UdpBalancer balancer)
    {
        _meter.CreateObservableCounter("seguro.balancer.datagrams", () => balancer.Stats.Datagrams, "{datagram}", "Datagrams that came in from outside.");
        _meter.CreateObservableCounter("seguro.balancer.copies", () => balancer.Stats.Copies, "{datagram}", "Copies sent to members.");
        _meter.CreateObservableCounter("seguro.balancer.released", () => balancer.Stats.Released, "{datagram}", "Effects sent from the public address.");
        _meter.CreateObservableCounter("seguro.balancer.dropped", () => Dropped(balancer.Stats), "{datagram}", "What was dropped, by reason.");
        _meter.CreateObservableGauge("seguro.balancer.term", () => (long)balancer.Stats.Term, null, "The highest term that a master showed.");
        _meter.CreateObservableCounter("seguro.balancer.terms.refused", () => balancer.Stats.TermsRefused, "{term}", "Terms that a member said it is master of, and that were not believed.");
        _meter.CreateObservableCounter("seguro.balancer.terms.takenback", () => balancer.Stats.TermsTakenBack, "{term}", "Terms that were taken back, because no other member backed them.");
        _meter.CreateObservableGauge("seguro.balancer.members", () => balancer.Stats.Members, "{member}", "Members that get what comes in.");
    }

    public void Dispose() => _meter.Dispose();

    private static Measurement<long>[] Dropped(BalancerStats stats) =>
    [
        Reason("too_large", stats.TooLarge),
        Reason("not_ipv4", stats.NotIPv4),
        Reason("without_member", stats.WithoutMember),
        Reason("copy_refused", stats.CopiesRefused),
        Reason("public_overflow", stats.PublicOverflow),
        Reason("old_term", stats.OldTerm),
        Reason("release_refused", stats.ReleasesRefused),
        Reason("hello_repeated", stats.HellosRepeated),
        Reason("hello_too_many", stats.HellosTooMany),
        Reason("malformed", stats.Malformed),
        Reason("forged", stats.Forged),
        Reason("unknown_key", stats.UnknownKey),
        Reason("unknown_sender", stats.UnknownSender),
        Reason("wrong_kind", stats.WrongKind),
        Reason("inside_overflow", stats.InsideOverflow),
    ];

    private static Measurement<long> Reason(string name, long count) => new(count, new KeyValuePair<string, object?>("reason", name));
}
