using System.Net;
using Microsoft.Extensions.Time.Testing;
using Seguro.Balancer;

namespace Seguro.Tests.Balancer;

/// <summary>Who gets what comes in: members come, go, move, and can't be played by a recording.</summary>
public sealed class MemberTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_hello_joins_and_ten_seconds_of_silence_end_it()
    {
        MemberTable table = new(_time);
        Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "a", 1, 100, 1));
        _time.Advance(TimeSpan.FromSeconds(9));
        table.Expire();
        Assert.True(table.Knows(Address(1), "a"));
        Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "a", 1, 100, 2));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        table.Expire();
        Assert.True(table.Knows(Address(1), "a"));
        Assert.False(table.Knows(Address(1), "b"));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        table.Expire();
        Assert.Empty(table.Current);
    }

    [Fact]
    public void A_recorded_hello_brings_nobody_back()
    {
        MemberTable table = new(_time);
        Hello(table, "a", 1, 100, 5);
        Assert.Equal(MemberTable.Welcome.Repeated, Hello(table, "a", 9, 100, 5));
        Assert.Equal(MemberTable.Welcome.Repeated, Hello(table, "a", 9, 100, 4));
        _time.Advance(TimeSpan.FromSeconds(11));
        table.Expire();
        Assert.Equal(MemberTable.Welcome.Repeated, Hello(table, "a", 1, 100, 5));
        Assert.Empty(table.Current);
        Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "a", 1, 100, 6));
    }

    [Fact]
    public void A_member_that_moves_starts_anew_or_has_another_key_has_one_place()
    {
        MemberTable table = new(_time);
        Hello(table, "a", 1, 100, 1);
        Hello(table, "a", 2, 100, 2);
        Assert.Equal([new MemberTarget(Address(2), 7, "a")], table.Current);
        Hello(table, "a", 2, 101, 1);
        Assert.Equal([new MemberTarget(Address(2), 7, "a")], table.Current);
        Hello(table, "a", 2, 101, 2, key: 8);
        Assert.Equal([new MemberTarget(Address(2), 8, "a")], table.Current);
        _time.Advance(TimeSpan.FromSeconds(11));
        table.Expire();
        Assert.Empty(table.Current);
    }

    [Fact]
    public void Who_has_one_members_key_takes_that_members_place_and_no_more()
    {
        MemberTable table = new(_time);
        Hello(table, "a", 1, 100, 1);
        Hello(table, "b", 2, 200, 1);
        for (int number = 3; number < 100; number++)
            Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "b", number, (ulong)(1000 + number), 1));
        // From another's address, too.
        Hello(table, "b", 1, 5000, 1);
        Assert.Equal(2, table.Current.Length);
        Assert.True(table.Knows(Address(1), "a"));
    }

    [Fact]
    public void A_member_without_a_key_is_let_go()
    {
        MemberTable table = new(_time);
        Hello(table, "m1", 1, 100, 1, BalancerBed.Key(1).Id);
        Hello(table, "m2", 2, 200, 1, BalancerBed.Key(2).Id);
        table.Keep(BalancerBed.Ring.Without("m1"));
        Assert.Equal("m2", Assert.Single(table.Current).Member);
    }

    [Fact]
    public void There_are_sixteen_places_and_a_silent_member_frees_one()
    {
        MemberTable table = new(_time);
        for (int number = 1; number <= 16; number++)
        {
            Assert.Equal(MemberTable.Welcome.Taken, Hello(table, $"m{number}", number, (ulong)number, 1));
            if (number == 2)
                _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(MemberTable.Welcome.TooMany, Hello(table, "m17", 17, 17, 1));
        Assert.Equal(16, table.Current.Length);
        Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "m16", 30, 16, 2)); // moves: no new place
        _time.Advance(TimeSpan.FromSeconds(9));
        table.Expire();
        Assert.False(table.Knows(Address(2), "m2"));
        Assert.Equal(MemberTable.Welcome.Taken, Hello(table, "m17", 17, 17, 2));
    }

    [Fact]
    public void Ten_thousand_lives_leave_no_more_than_sixteen_members_and_little_memory()
    {
        MemberTable table = new(_time);
        for (int number = 1; number <= 10_000; number++)
        {
            Hello(table, $"m{number % 40}", number % 250, (ulong)number, 1);
            _time.Advance(TimeSpan.FromSeconds(1));
            table.Expire();
        }
        Assert.InRange(table.Current.Length, 1, 16);
        Assert.InRange(table.Lives, 1, 64);
    }

    private static MemberTable.Welcome Hello(MemberTable table, string member, int address, ulong life, ulong count, uint key = 7) => table.Hello(Address(address), life, count, member, key);

    private static PeerAddress Address(int number) => PeerAddress.Of(new IPEndPoint(new IPAddress([10, 0, 0, (byte)number]), 1));
}
