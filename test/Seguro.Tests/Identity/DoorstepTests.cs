using System.Net;
using Seguro.Identity;

namespace Seguro.Tests.Identity;

/// <summary>Who has not shown yet who they are can't hold a door shut.</summary>
public sealed class DoorstepTests
{
    private readonly List<string> _refused = [];
    private readonly List<int> _closed = [];
    private readonly Doorstep _doorstep;
    private int _number;

    public DoorstepTests() => _doorstep = new Doorstep(most: 6, mostByAddress: 3, _refused.Add);

    [Fact]
    public void An_address_has_so_many_places_and_others_have_theirs()
    {
        Doorstep.Visit?[] visits = [Come("10.0.0.1"), Come("10.0.0.1"), Come("::ffff:10.0.0.1")];
        Assert.All(visits, Assert.NotNull);
        Assert.Null(Come("10.0.0.1"));
        Assert.Contains("10.0.0.1: 3 of its connections wait", Assert.Single(_refused), StringComparison.Ordinal);
        Assert.NotNull(Come("10.0.0.2"));
        visits[0]!.Dispose();
        visits[0]!.Dispose(); // again: nothing
        Assert.NotNull(Come("10.0.0.1"));
        Assert.Null(Come("10.0.0.1"));
        Assert.Empty(_closed);
    }

    [Fact]
    public void A_network_of_IPv6_counts_as_one_address()
    {
        Assert.All((string[])["2001:db8::1", "2001:db8::2", "2001:db8::3:4"], address => Assert.NotNull(Come(address)));
        Assert.Null(Come("2001:db8::5"));
        Assert.NotNull(Come("2001:db8:0:1::1"));
    }

    [Fact]
    public void Where_all_places_are_taken_the_one_that_waits_longest_makes_room_and_nobody_who_gave_it_back_is_closed()
    {
        Doorstep.Visit? known = Come("10.0.0.1");
        for (int host = 2; host <= 6; host++)
            Come($"10.0.0.{host}");
        known!.Dispose(); // it has shown who it is
        Come("10.0.0.7");
        Assert.Empty(_closed);
        Assert.NotNull(Come("10.0.0.8"));
        Assert.Equal([2], _closed);
        Assert.Equal(6, _doorstep.Count);
        Assert.NotNull(Come("10.0.0.9"));
        Assert.Equal([2, 3], _closed);
        Assert.Equal(2, _refused.Count);
    }

    [Fact]
    public void Who_comes_from_no_address_shares_one()
    {
        for (int visit = 0; visit < 3; visit++)
            Assert.NotNull(_doorstep.Enter(null, static () => { }));
        Assert.Null(_doorstep.Enter(null, static () => { }));
    }

    private Doorstep.Visit? Come(string from)
    {
        int number = ++_number;
        return _doorstep.Enter(new IPEndPoint(IPAddress.Parse(from), 1000 + number), () => _closed.Add(number));
    }
}
