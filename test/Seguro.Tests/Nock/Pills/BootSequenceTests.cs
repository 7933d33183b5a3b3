using Seguro.Core;
using Seguro.Nock.Pills;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Nock.Pills;

/// <summary>The events of a boot, beside those that vere made of the same pill.</summary>
public sealed class BootSequenceTests
{
    private const int BootEvents = 13;
    private const int Wyrd = 6;
    private const int Wack = 9;

    [Fact]
    public void The_events_of_a_boot_are_those_that_vere_made_of_the_pill()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        byte[][] real = [.. pier.Read(new EventNumber(1), new EventNumber(BootEvents)).Select(static read => read.Payload.ToArray())];
        Noun wyrd = Cue.From(real[Wyrd - 1].AsSpan(4));
        Assert.True(((Atom)Axis.Get(wyrd, 2)).TryGet(out UInt128 stamp));
        Assert.True(DateAtom.TryToTime(stamp, out DateTimeOffset start));
        Atom entropy = (Atom)Axis.Get(Cue.From(real[Wack - 1].AsSpan(4)), 15);
        byte[] bytes = new byte[BootSequence.EntropySize];
        entropy.Bytes.CopyTo(bytes);

        Pill pill = Pill.Of(Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "brass-2023-02-08.pill"))));
        BootSequence sequence = BootSequence.OfFake(Assert.IsType<Pill.Boot>(pill), 0, start.AddMicroseconds(1), bytes, "0.1.0");

        Assert.Equal((int)pier.Info.Identity.Life, sequence.Formulas.Count);
        byte[][] made = [.. sequence.Events.Select(BootSequence.PayloadOf)];
        Assert.Equal(BootEvents, made.Length);
        for (int index = 0; index < BootEvents; index++)
        {
            if (index + 1 != Wyrd) // which names the program, and has a nonce
                Assert.True(real[index].AsSpan().SequenceEqual(made[index]), $"event {index + 1}");
        }
        Noun mine = sequence.Timed[0];
        Assert.Equal(Axis.Get(wyrd, 2), Axis.Get(mine, 2));
        Assert.Equal(Axis.Get(wyrd, 6), Axis.Get(mine, 6));
        Assert.Equal("wyrd", Axis.Get(mine, 14));
        Assert.Equal(Axis.Get(wyrd, 31), Axis.Get(mine, 31));
    }

    [Fact]
    public void An_ivory_pill_is_told_apart_and_other_nouns_are_refused()
    {
        Assert.IsType<Pill.Ivory>(Pill.Of(Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "ivory-2023-02-08.pill")))));
        Pill.Boot cash = Assert.IsType<Pill.Boot>(Pill.Of(NounReader.Read("[%cash [%solid ~[1 2] ~ ~[3]] 99]")));
        Assert.Equal((2, 0, 1), (cash.Formulas.Count, cash.Modules.Count, cash.User.Count));
        foreach (string text in (string[])["0", "[%pill 1]", "[%pill %brass 1 2 3]", "[%boot 1 2 3 4]", "[1 2 ~]"])
            Assert.Throws<NounException>(() => Pill.Of(NounReader.Read(text)));
    }
}
