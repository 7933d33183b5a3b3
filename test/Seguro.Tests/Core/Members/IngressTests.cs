using CsCheck;
using Seguro.Core;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>What a replica heard and has not seen in the log.</summary>
public sealed class IngressTests
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(10);

    [Fact]
    public void What_is_in_the_log_is_not_made_an_event_again()
    {
        Ingress ingress = New(100);
        ingress.Hear(Datagram(1), TimeSpan.Zero);
        ingress.Hear(Datagram(2), TimeSpan.Zero);
        ingress.SeenInLog(1, TimeSpan.Zero);
        Assert.Equal([2u], ingress.Take(10).Select(static ovum => ovum.Digest));
    }

    [Fact]
    public void The_event_may_come_before_its_datagram()
    {
        Ingress ingress = New(100);
        ingress.SeenInLog(1, TimeSpan.Zero);
        ingress.Hear(Datagram(1), TimeSpan.Zero);
        Assert.Equal(0, ingress.Count);
        ingress.Hear(Datagram(1), TimeSpan.Zero); // sent again by the peer: another ovum
        Assert.Equal(1, ingress.Count);
    }

    [Fact]
    public void Heard_and_seen_are_counted_against_each_other_in_any_order() =>
        Gen.Select(Gen.UInt[1, 4], Gen.Bool).Array[0, 60].Sample(static steps =>
        {
            Ingress ingress = New(1000);
            foreach ((uint digest, bool isHeard) in steps)
            {
                if (isHeard)
                    Assert.True(ingress.Hear(Datagram(digest), TimeSpan.Zero));
                else
                    ingress.SeenInLog(digest, TimeSpan.Zero);
            }
            List<Ovum> left = ingress.Take(1000);
            for (uint digest = 1; digest <= 4; digest++)
            {
                // By pairs: as many are left as were heard more often than seen.
                int expected = Math.Max(0, steps.Count(step => step == (digest, true)) - steps.Count(step => step == (digest, false)));
                Assert.Equal(expected, left.Count(ovum => ovum.Digest == digest));
            }
        });

    [Fact]
    public void It_is_bounded_in_number_and_in_age()
    {
        Ingress ingress = New(2);
        Assert.True(ingress.Hear(Datagram(1), TimeSpan.Zero));
        Assert.True(ingress.Hear(Datagram(2), TimeSpan.FromSeconds(5)));
        Assert.False(ingress.Hear(Datagram(3), TimeSpan.FromSeconds(5)));
        Assert.Equal(0, ingress.Expire(TimeSpan.FromSeconds(11), keepHeard: true));
        Assert.Equal(1, ingress.Expire(TimeSpan.FromSeconds(11), keepHeard: false));
        Assert.Equal([2u], ingress.Take(10).Select(static ovum => ovum.Digest));
        ingress.SeenInLog(7, TimeSpan.FromSeconds(11));
        ingress.Expire(TimeSpan.FromSeconds(22), keepHeard: true);
        ingress.Hear(Datagram(7), TimeSpan.FromSeconds(22)); // the credit is forgotten: a datagram this late is another one
        Assert.Equal(1, ingress.Count);
    }

    [Fact]
    public void Ova_that_only_the_master_has_are_not_matched()
    {
        Ingress ingress = New(10);
        ingress.Hear(new Ovum(new byte[] { 1 }, default), TimeSpan.Zero);
        ingress.SeenInLog(0, TimeSpan.Zero);
        Assert.Equal(1, ingress.Count);
    }

    [Fact]
    public void A_credit_that_was_used_takes_no_newer_one_with_it()
    {
        Ingress ingress = New(100);
        ingress.SeenInLog(1, TimeSpan.Zero);
        ingress.Hear(Datagram(1), TimeSpan.FromSeconds(1)); // takes the credit
        ingress.SeenInLog(1, TimeSpan.FromSeconds(9));
        ingress.Expire(TimeSpan.FromSeconds(11), keepHeard: false);
        ingress.Hear(Datagram(1), TimeSpan.FromSeconds(12)); // the second event's datagram, three seconds late
        Assert.Equal(0, ingress.Count);
    }

    [Fact]
    public void Who_floods_gets_half_of_the_room_and_others_wait_for_one_of_its_ova_only()
    {
        Ingress ingress = New(100);
        int taken = 0;
        for (int i = 0; i < 1000; i++)
            taken += ingress.Hear(From(7, 1), TimeSpan.Zero) ? 1 : 0;
        Assert.Equal(50, taken);
        Assert.True(ingress.Hear(From(8, 2), TimeSpan.Zero));
        Assert.True(ingress.Hear(new Ovum(new byte[] { 3 }, default), TimeSpan.Zero));
        Assert.Equal([1, 2, 3, 1, 1], ingress.Take(5).Select(static ovum => (int)ovum.Bytes.Span[0]));
    }

    [Fact]
    public void It_is_bounded_in_bytes()
    {
        Ingress ingress = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = [], MaxIngressBytes = 10_000 });
        Assert.True(ingress.Hear(new Ovum(new byte[6000], default, 1, 7), TimeSpan.Zero));
        Assert.False(ingress.Hear(new Ovum(new byte[6000], default, 2, 8), TimeSpan.Zero));
        Assert.True(ingress.Hear(new Ovum(new byte[3000], default, 3, 8), TimeSpan.Zero));
        ingress.SeenInLog(1, TimeSpan.Zero);
        Assert.True(ingress.Hear(new Ovum(new byte[6000], default, 2, 9), TimeSpan.Zero));
    }

    /// <summary>The room's own counts are those of what is in it, whatever comes and goes.</summary>
    [Fact]
    public void Room_is_given_back() =>
        Gen.Select(Gen.Int[0, 3], Gen.UInt[0, 3], Gen.ULong[0, 5], Gen.Int[0, 20]).Array[0, 100].Sample(static steps =>
        {
            Ingress ingress = new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = [], MaxIngress = 8, MaxIngressBytes = 64 });
            int count = 0;
            TimeSpan now = TimeSpan.Zero;
            foreach ((int what, uint digest, ulong source, int size) in steps)
            {
                now += TimeSpan.FromSeconds(what == 3 ? size : 0);
                if (what == 0)
                    ingress.Hear(new Ovum(new byte[size], default, digest, source), now);
                else if (what == 1)
                    ingress.SeenInLog(digest, now);
                else if (what == 2)
                    ingress.Take(size);
                else
                    ingress.Expire(now, keepHeard: false);
                count = ingress.Count;
                Assert.InRange(count, 0, 8);
            }
            Assert.Equal(count, ingress.Take(100).Count);
            Assert.Equal(0, ingress.Count);
            Assert.True(ingress.Hear(new Ovum(new byte[64], default), now));
        });

    private static Ingress New(int most) => new(new MemberOptions { Name = "m1", Candidate = "m1@1", Members = [], MaxIngress = most, IngressAge = Age });

    private static Ovum From(ulong source, byte word) => new(new[] { word }, default, 0, source);

    private static Ovum Datagram(uint digest) => new(new byte[] { (byte)digest }, default, digest);
}
