using System.Net;
using System.Text;
using Seguro.Nock;
using Seguro.Nock.Drivers;
using Seguro.Nock.Kernels;
using Seguro.Nouns;

namespace Seguro.Tests.Nock.Kernels;

public class DemoKernelTests
{
    private static readonly IPEndPoint Source = new(IPAddress.Parse("192.0.2.1"), 13337);
    private static readonly Noun Now = Atom.Of(new UInt128(0x8000000d33f1fe80, 0));

    [Fact]
    public void A_datagram_is_answered_with_what_was_counted()
    {
        ArvoKernel kernel = Boot();
        Heard(kernel, "first");
        kernel.Poke(Cell.Of(Now, NounList.Path("b", "behn"), "born", 0), TestContext.Current.CancellationToken);
        Noun send = Assert.Single(NounList.Items(Heard(kernel, "hello, world, a text longer than eight bytes")));
        Assert.Equal(NounList.Path("ames"), Axis.Get(send, 2));
        Assert.True(AmesDriver.TryReadSends(Jam.ToBytes(send), out IReadOnlyList<AmesSend> sends));
        AmesSend answer = Assert.Single(sends);
        Assert.Equal(Source, answer.Destination);
        byte[] expected = [2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, .. "hello, world, a text longer than eight bytes"u8, 1];
        Assert.Equal(expected, answer.Datagram.ToArray());
    }

    [Fact]
    public void A_timer_is_set_and_its_ringing_is_told()
    {
        ArvoKernel kernel = Boot();
        Assert.Equal(0, Wake(kernel));
        Noun[] effects = [.. NounList.Items(Heard(kernel, "timer please"))];
        Assert.Equal(2, effects.Length);
        Assert.True(BehnDriver.TryReadDoze(Jam.ToBytes(effects[1]), out DateTimeOffset? when));
        Assert.Equal(new DateTimeOffset(2023, 11, 14, 22, 13, 21, TimeSpan.Zero), when);
        Noun tick = Assert.Single(NounList.Items(Wake(kernel)));
        Assert.True(AmesDriver.TryReadSends(Jam.ToBytes(tick), out IReadOnlyList<AmesSend> sends));
        Assert.Equal([.. "tick"u8, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1], Assert.Single(sends).Datagram.ToArray());
    }

    [Fact]
    public void What_should_crash_does()
    {
        ArvoKernel kernel = Boot();
        uint mug = kernel.Mug;
        Assert.Equal("exit", kernel.TryPoke(Hear("crash, please"), TestContext.Current.CancellationToken).Mote);
        Assert.Equal("exit", kernel.TryPoke(Cell.Of(Now, 0, "hear", Cell.Of(1, 5), Cell.Of(1, 2)), TestContext.Current.CancellationToken).Mote);
        Assert.Equal(mug, kernel.Mug);
        Assert.Equal(0, kernel.Poke(Cell.Of(Now, Cell.Of(0, "arvo", 0), "crud", Cell.Of("exit", 0), 0), TestContext.Current.CancellationToken));
        Assert.NotEqual(mug, kernel.Mug);
    }

    [Fact]
    public void The_state_depends_on_what_was_heard_and_in_which_order()
    {
        uint After(params string[] texts)
        {
            ArvoKernel kernel = Boot();
            foreach (string text in texts)
                Heard(kernel, text);
            return kernel.Mug;
        }

        Assert.Equal(After("a", "b", "c"), After("a", "b", "c"));
        Assert.NotEqual(After("a", "b", "c"), After("b", "a", "c"));
        Assert.NotEqual(After("a", "b", "c"), After("a", "x", "c"));
        Assert.NotEqual(After(new string('a', 100), "c"), After(new string('a', 99) + "b", "c"));
    }

    /// <summary>By counting nothing as large as a datagram can be made; everything else can.</summary>
    [Fact]
    public void Without_jets_it_comes_to_the_same_states()
    {
        ArvoKernel with = Boot();
        ArvoKernel without = Boot(new NockOptions { AllJetsOff = true });
        Assert.Equal(without.Core, with.Core);
        foreach (Noun card in new Noun[] { Cell.Of("born", 0), Cell.Of("wake", 0), Cell.Of("crud", Cell.Of("exit", 0), 7), Cell.Of("hear", 5) })
        {
            Noun made = Cell.Of(Now, NounList.Path("a"), card);
            NockResult one = with.TryPoke(made, TestContext.Current.CancellationToken);
            NockResult other = without.TryPoke(made, TestContext.Current.CancellationToken);
            Assert.Equal(other.Mote, one.Mote);
            Assert.Equal(other.Product, one.Product);
            Assert.Equal(without.Mug, with.Mug);
        }
        Assert.Empty(without.Machine.JetRuns);
    }

    [Fact]
    public void The_work_on_a_datagram_is_done_by_jets()
    {
        ArvoKernel kernel = Boot();
        Heard(kernel, "timer, with a text that nobody could count to");
        Assert.InRange(kernel.Machine.Calls, 1, 100);
        Assert.Equal(["k140/one/add", "k140/one/mod", "k140/one/two/cat", "k140/one/two/end"], kernel.Machine.JetRuns.Keys.Order());
    }

    [Fact]
    public void Peek_shows_the_state_and_load_takes_it()
    {
        ArvoKernel kernel = Boot();
        Heard(kernel, "timer");
        Wake(kernel);
        Noun state = Axis.Get(kernel.Peek(Cell.Of(0, 0), TestContext.Current.CancellationToken), 7);
        Assert.Equal(Cell.Of(2, 1, 1, 1, Cell.Of(1, 0x3419_c000_0201UL)), Cell.Of(Axis.Get(state, 2), Axis.Get(state, 6), Axis.Get(state, 14), Axis.Get(state, 30), Axis.Get(state, 62)));
        ArvoKernel fresh = Boot();
        Noun load = fresh.Machine.Run(fresh.Core, Cell.Of(9, 4, 0, 1), TestContext.Current.CancellationToken);
        Assert.Equal(kernel.Core, fresh.Machine.Slam(load, state, TestContext.Current.CancellationToken));
        Assert.Equal(0, kernel.Wish("(add 2 2)", TestContext.Current.CancellationToken));
    }

    private static ArvoKernel Boot(NockOptions? options = null) =>
        ArvoKernel.Boot(new NockMachine(options), NounList.Of([.. DemoKernel.Boot]), TestContext.Current.CancellationToken);

    private static Noun Hear(string text) => new Cell(Now, Cue.From(AmesDriver.Hear(Source, Encoding.UTF8.GetBytes(text))!));

    private static Noun Heard(ArvoKernel kernel, string text) => kernel.Poke(Hear(text), TestContext.Current.CancellationToken);

    private static Noun Wake(ArvoKernel kernel) => kernel.Poke(new Cell(Now, Cue.From(BehnDriver.Wake())), TestContext.Current.CancellationToken);
}
