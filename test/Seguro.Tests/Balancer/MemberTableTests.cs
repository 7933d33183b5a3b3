using System.Net;
using Microsoft.Extensions.Time.Testing;
using Seguro.Balancer;
using Seguro.Core;

namespace Seguro.Tests.Balancer;

/// <summary>Who gets what comes in: members come, go, move, and can't be played by a recording.</summary>
public sealed class MemberTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_hello_joins_and_ten_seconds_of_silence_end_it()
    {
        MemberTable table = new([], _time);
        Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(1), 100, 1));
        _time.Advance(TimeSpan.FromSeconds(9));
        table.Expire();
        Assert.True(table.Knows(Address(1)));
        Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(1), 100, 2));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        table.Expire();
        Assert.True(table.Knows(Address(1)));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        table.Expire();
        Assert.Empty(table.Current);
    }

    [Fact]
    public void A_recorded_hello_brings_nobody_back()
    {
        MemberTable table = new([], _time);
        table.Hello(Address(1), 100, 5);
        Assert.Equal(MemberTable.Welcome.Repeated, table.Hello(Address(9), 100, 5));
        Assert.Equal(MemberTable.Welcome.Repeated, table.Hello(Address(9), 100, 4));
        _time.Advance(TimeSpan.FromSeconds(11));
        table.Expire();
        Assert.Equal(MemberTable.Welcome.Repeated, table.Hello(Address(1), 100, 5));
        Assert.Empty(table.Current);
        Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(1), 100, 6));
    }

    [Fact]
    public void Configured_members_stay_whether_they_speak_or_not()
    {
        MemberTable table = new([new HostAddress("10.0.0.1", 1)], _time);
        Assert.Equal([Address(1)], table.Current);
        table.Hello(Address(1), 100, 1);
        Assert.Single(table.Current);
        _time.Advance(TimeSpan.FromMinutes(1));
        table.Expire();
        Assert.Equal([Address(1)], table.Current);
    }

    [Fact]
    public void A_member_that_moves_or_starts_anew_has_one_place()
    {
        MemberTable table = new([], _time);
        table.Hello(Address(1), 100, 1);
        table.Hello(Address(2), 100, 2);
        Assert.Equal([Address(2)], table.Current);
        table.Hello(Address(2), 101, 1);
        Assert.Equal([Address(2)], table.Current);
        _time.Advance(TimeSpan.FromSeconds(11));
        table.Expire();
        Assert.Empty(table.Current);
    }

    [Fact]
    public void There_are_sixteen_places_and_a_silent_member_frees_one()
    {
        MemberTable table = new([new HostAddress("10.0.0.1", 1)], _time);
        for (int number = 2; number <= 16; number++)
        {
            Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(number), (ulong)number, 1));
            if (number == 2)
                _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(MemberTable.Welcome.TooMany, table.Hello(Address(17), 17, 1));
        Assert.Equal(16, table.Current.Length);
        Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(30), 16, 2)); // moves: no new place
        _time.Advance(TimeSpan.FromSeconds(9));
        table.Expire();
        Assert.False(table.Knows(Address(2)));
        Assert.Equal(MemberTable.Welcome.Taken, table.Hello(Address(17), 17, 2));
    }

    [Fact]
    public void Ten_thousand_lives_leave_no_more_than_sixteen_members_and_little_memory()
    {
        MemberTable table = new([], _time);
        for (int number = 1; number <= 10_000; number++)
        {
            table.Hello(Address(number % 250), (ulong)number, 1);
            _time.Advance(TimeSpan.FromSeconds(1));
            table.Expire();
        }
        Assert.InRange(table.Current.Length, 1, 16);
        Assert.InRange(table.Lives, 1, 64);
    }

    [Fact]
    public void More_than_sixteen_can_not_be_configured()
    {
        SeguroException error = Assert.Throws<SeguroException>(() => new MemberTable([.. Enumerable.Range(1, 17).Select(static number => new HostAddress("10.0.0.1", number))], _time));
        Assert.Equal(ErrorCode.BadValue, error.Code);
    }

    [Fact]
    public async Task A_name_is_looked_up_and_an_unknown_one_is_no_member()
    {
        MemberTable table = new([new HostAddress("localhost", 5), new HostAddress("no-such-host.invalid", 6)], _time);
        Assert.Empty(table.Current);
        await table.ResolveAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, Assert.Single(table.Current).Port);
    }

    private static PeerAddress Address(int number) => PeerAddress.Of(new IPEndPoint(new IPAddress([10, 0, 0, (byte)number]), 1));
}
