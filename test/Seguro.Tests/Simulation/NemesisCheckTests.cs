using System.Security.Cryptography;
using Seguro.Cli.Demo.Probes;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Tests.Simulation;

/// <summary>A checker that finds nothing proves nothing: each of these histories has one thing wrong.</summary>
public sealed class NemesisCheckTests
{
    private const ulong Boot = 2;

    [Fact]
    public void A_history_in_which_all_is_well_has_no_violations()
    {
        NemesisCheck check = NemesisCheck.Of(History());
        Assert.Empty(check.Violations);
        Assert.Equal((4, 0, 0, 1, 0), (check.Acknowledged, check.Lost, check.Phantoms, check.Repeats, check.Doubled));
    }

    [Fact]
    public void An_answered_datagram_that_is_in_no_event_is_lost()
    {
        NemesisHistory history = History();
        NemesisCheck check = NemesisCheck.Of(history with { Answers = [.. history.Answers, Answer(9, 5)], Sent = Sent(9) });
        Assert.StartsWith("nothing acknowledged is lost: datagram 9", Assert.Single(check.Violations));
        Assert.Equal((1, 1), (check.Lost, check.Phantoms));
    }

    [Fact]
    public void An_answer_that_names_another_event_is_a_phantom()
    {
        NemesisHistory history = History();
        NemesisCheck check = NemesisCheck.Of(history with { Answers = [.. history.Answers, Answer(1, 5)] });
        Assert.StartsWith("no phantom effect: datagram 1", Assert.Single(check.Violations));
        Assert.Equal((0, 1), (check.Lost, check.Phantoms));
    }

    [Fact]
    public void At_optimism_0_a_phantom_is_counted_up_to_the_bound()
    {
        NemesisHistory history = History();
        NemesisHistory atZero = history with { Answers = [.. history.Answers, Answer(1, 5), Answer(2, 6), Answer(3, 7)], AtZero = [(5, 7)] };
        NemesisCheck check = NemesisCheck.Of(atZero with { MaxUnreplicated = 2 });
        Assert.Empty(check.Violations);
        Assert.Equal(3, check.PhantomsAtZero);
        Assert.StartsWith("the bound of optimism 0: 3", Assert.Single(NemesisCheck.Of(atZero with { MaxUnreplicated = 1 }).Violations));
    }

    [Fact]
    public void An_answer_of_a_ship_that_had_heard_another_number_of_datagrams_is_found()
    {
        NemesisHistory history = History();
        NemesisCheck check = NemesisCheck.Of(history with { Answers = [.. history.Answers.SkipLast(1), Answer(4, 4) with { Heard = 5 }] });
        Assert.StartsWith("a ship's state: the answer of event 6 says 5", Assert.Single(check.Violations));
    }

    [Fact]
    public void A_third_sequence_of_answers_needs_a_third_mastership()
    {
        NemesisHistory history = History();
        NemesisHistory again = history with { Answers = [.. history.Answers, Answer(1, 1)] };
        Assert.StartsWith("order and repeats: it takes 3", Assert.Single(NemesisCheck.Of(again).Violations));
        Assert.Empty(NemesisCheck.Of(again with { Masterships = [.. again.Masterships, new("m3-1", 4)] }).Violations);
    }

    [Theory]
    [InlineData(new ulong[0], 0)]
    [InlineData(new ulong[] { 1, 2, 3 }, 1)]
    [InlineData(new ulong[] { 3, 2, 1 }, 3)]
    [InlineData(new ulong[] { 1, 2, 1, 2, 3 }, 2)]
    [InlineData(new ulong[] { 5, 5, 5 }, 3)]
    [InlineData(new ulong[] { 1, 4, 2, 5, 3, 6 }, 2)]
    public void Answers_are_taken_apart_into_as_few_rising_sequences_as_can_be(ulong[] numbers, int parts) => Assert.Equal(parts, NemesisCheck.RisingParts(numbers));

    [Fact]
    public void A_member_with_another_event_or_fewer_events_is_found()
    {
        NemesisHistory history = History();
        FinalLog shorter = new([.. history.Logs["m1"].Chains.Take(5)], [.. history.Logs["m1"].Heard.Take(5)]);
        Assert.StartsWith("equal logs: m2 has 5 events", Assert.Single(NemesisCheck.Of(history with { Logs = new Dictionary<string, FinalLog> { ["m1"] = history.Logs["m1"], ["m2"] = shorter } }).Violations));
        FinalLog other = history.Logs["m1"] with { Chains = [.. history.Logs["m1"].Chains.Take(3), ChainOf(99), .. history.Logs["m1"].Chains.Skip(4)] };
        Assert.StartsWith("equal logs: m2 has another event 4", Assert.Single(NemesisCheck.Of(history with { Logs = new Dictionary<string, FinalLog> { ["m1"] = history.Logs["m1"], ["m2"] = other } }).Violations));
    }

    [Fact]
    public void A_store_with_another_chain_or_a_lower_head_is_found()
    {
        NemesisHistory history = History();
        Assert.StartsWith("the store's log: the store ends at event 6", Assert.Single(NemesisCheck.Of(history with { Store = (1, At(6, 99)) }).Violations));
        Assert.Contains(NemesisCheck.Of(history with { Store = (1, At(5)) }).Violations, static violation => violation.StartsWith("nothing acknowledged is lost: datagram 4", StringComparison.Ordinal));
        Assert.Contains(NemesisCheck.Of(history with { Store = (1, At(7)) }).Violations, static violation => violation.StartsWith("equal logs: m1 has 6 events", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_masters_of_one_term_are_found_and_a_term_that_goes_back()
    {
        NemesisHistory history = History();
        Assert.StartsWith("one master a term: term 3: m2-1 and m3-1", Assert.Single(NemesisCheck.Of(history with { Masterships = [.. history.Masterships, new("m3-1", 3)] }).Violations));
        Assert.StartsWith("terms grow: m2-1", Assert.Single(NemesisCheck.Of(history with { Masterships = [.. history.Masterships, new("m2-1", 1)] }).Violations));
    }

    [Fact]
    public void What_was_called_committed_and_is_another_event_at_the_end_is_found()
    {
        NemesisHistory history = History();
        Assert.StartsWith("what is committed stays: m3", Assert.Single(NemesisCheck.Of(history with { Sightings = [new("m3", 2, At(4, 99))] }).Violations));
        Assert.StartsWith("what is committed stays: m3", Assert.Single(NemesisCheck.Of(history with { Sightings = [new("m3", 2, At(4)), new("m3", 2, At(3))] }).Violations));
        Assert.StartsWith("terms grow: m3", Assert.Single(NemesisCheck.Of(history with { Sightings = [new("m3", 2, At(4)), new("m3", 1, At(4))] }).Violations));
    }

    [Fact]
    public void An_event_of_a_datagram_that_was_never_sent_is_found_and_one_that_is_two_events_is_counted()
    {
        NemesisHistory history = History();
        Assert.StartsWith("nothing comes of nothing: datagram 4", Assert.Single(NemesisCheck.Of(history with { Sent = new Dictionary<long, int> { [1] = 1, [2] = 1, [3] = 1 } }).Violations));
        FinalLog twice = history.Logs["m1"] with { Heard = [0, 0, 1, 2, 3, 3] };
        Assert.Equal(1, NemesisCheck.Of(history with { Logs = new Dictionary<string, FinalLog> { ["m1"] = twice }, Answers = [] }).Doubled);
    }

    // Two events of the boot, then datagrams 1 to 4; a takeover after the third, whose effect left again.
    private static NemesisHistory History()
    {
        FinalLog log = new([.. Enumerable.Range(1, 6).Select(ChainOf)], [0, 0, 1, 2, 3, 4]);
        return new NemesisHistory
        {
            Boot = Boot,
            Sent = Sent(4),
            Answers = [Answer(1, 1), Answer(2, 2), Answer(3, 3), Answer(3, 3), Answer(4, 4)],
            Logs = new Dictionary<string, FinalLog> { ["m1"] = log, ["m2"] = log },
            Store = (3, At(6)),
            Masterships = [new("m1-1", 2), new("m2-1", 3)],
            Sightings = [new("m1/100", 2, At(3)), new("m1/100", 3, At(5)), new("m2/101", 3, At(6))],
            AtZero = [],
            MaxUnreplicated = 10,
        };
    }

    private static Dictionary<long, int> Sent(int last) => Enumerable.Range(1, last).ToDictionary(static sequence => (long)sequence, static _ => 1);

    private static ProbeAnswer Answer(long sequence, ulong events) => new(sequence, events, events, default, default, false);

    private static Position At(int number, int? chain = null) => new(new EventNumber((ulong)number), ChainOf(chain ?? number));

    private static Chain ChainOf(int number) => new(SHA256.HashData([(byte)number]));
}
