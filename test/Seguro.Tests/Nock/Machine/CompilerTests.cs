using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>Hoon's compiler: gates whose products are kept, and jets that are vere's and not the formula's.</summary>
public class CompilerTests
{
    private static readonly Lazy<Noun> Pill = new(() => ((Cell)Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "ivory-2023-02-08.pill")))).Tail);

    [Fact]
    public void With_kept_products_all_compiles_as_without()
    {
        string[] sources =
        [
            "[1 2]",
            "=+(a=1 [a a])",
            "|=(a=@ ?:(=(a 0) 1 $(a +(a))))",
            "=>  |%  ++  a  |=(b=@ [b b])  ++  c  (a 3)  --  c",
            "=+  a=*?(%b [%c *])  ?@(a a -.a)",
            "=>  |%  ++  list  |$  [item]  $@(~ [i=item t=(list item)])  --  =+(a=*(list @) ?~(a 0 i.a))",
            "=>  |%  ++  same  |*(a=* a)  --  [(same 1) (same [2 3])]",
            "=+  a=*[b=@ud c=@ux]  =.  b.a  7  a(c 0x9)",
            "|*  [a=* b=*]  [b a]",
            "=+  a=`?(@ ^)`1  ?:(?=(@ a) a ?:(?=([@ *] a) -.a 0))",
            "`@tas`%a",
            "`@t`[1 2]",
            "(add 1 2)",
        ];
        NockMachine with = new();
        NockMachine without = new(new NockOptions { JetsOff = new HashSet<string>(NockMachine.KeptLabels) });
        ArvoKernel fast = ArvoKernel.Boot(with, Pill.Value, TestContext.Current.CancellationToken);
        ArvoKernel slow = ArvoKernel.Boot(without, Pill.Value, TestContext.Current.CancellationToken);
        Noun mint = fast.Wish("|=(a=@t (~(mint ut %noun) %noun (ream a)))", TestContext.Current.CancellationToken);
        Noun slowMint = slow.Wish("|=(a=@t (~(mint ut %noun) %noun (ream a)))", TestContext.Current.CancellationToken);
        Noun inLibrary = fast.Wish("|=(a=@t (~(mint ut -:!>(.)) %noun (ream a)))", TestContext.Current.CancellationToken);
        Assert.Equal(mint, slowMint);
        int crashed = 0;
        foreach (string source in sources.Concat(sources))
        {
            foreach (Noun gate in new[] { mint, inLibrary })
            {
                NockResult expected = without.TrySlam(gate, source, TestContext.Current.CancellationToken);
                NockResult found = with.TrySlam(gate, source, TestContext.Current.CancellationToken);
                Assert.Equal(expected.Mote, found.Mote);
                Assert.Equal(expected.Product, found.Product);
                crashed += found.Succeeded ? 0 : 1;
            }
        }
        Assert.InRange(crashed, 4, 2 * sources.Length);
        Assert.Contains(with.JetRuns, run => run.Key.EndsWith("/ut/mint", StringComparison.Ordinal));
        Assert.DoesNotContain(without.JetRuns, run => run.Key.EndsWith("/ut/mint", StringComparison.Ordinal));
    }

    /// <summary>The source of zuse needs an <c>@I</c> where it has an <c>@H</c>: a formula that refuses it can't boot a ship.</summary>
    [Theory]
    [InlineData("I", "H", true)]
    [InlineData("H", "I", false)]
    [InlineData("uxH", "uxH", true)]
    [InlineData("ux", "uxH", true)]
    [InlineData("", "tas", true)]
    [InlineData("tas", "t", true)]
    [InlineData("t", "tas", true)]
    [InlineData("t", "ux", false)]
    [InlineData("uxJ", "tD", false)]
    public void An_aura_serves_for_another_as_in_vere(string needed, string had, bool fits)
    {
        NockMachine machine = new();
        ArvoKernel kernel = ArvoKernel.Boot(machine, Pill.Value, TestContext.Current.CancellationToken);
        Noun gate = kernel.Wish("fitz", TestContext.Current.CancellationToken);
        Assert.Equal(Atom.Flag(fits), machine.Slam(gate, Cell.Of(needed, had), TestContext.Current.CancellationToken));
    }

    /// <summary>The first test vector of RFC 8032, section 7.1; and what two parties share is the same, whatever the signs in their public keys.</summary>
    [Fact]
    public void Keys_are_those_of_ed25519()
    {
        NockMachine machine = new();
        ArvoKernel kernel = ArvoKernel.Boot(machine, Pill.Value, TestContext.Current.CancellationToken);
        Noun puck = kernel.Wish("puck:ed:crypto", TestContext.Current.CancellationToken);
        Noun shar = kernel.Wish("shar:ed:crypto", TestContext.Current.CancellationToken);
        Noun seed = Atom.Of(Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
        Noun key = machine.Slam(puck, seed, TestContext.Current.CancellationToken);
        Assert.Equal(Atom.Of(Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")), key);
        int negative = 0;
        for (int other = 0; other < 20; other++)
        {
            Noun otherKey = machine.Slam(puck, other, TestContext.Current.CancellationToken);
            negative += ((Atom)otherKey).BitLength == 256 ? 1 : 0;
            Assert.Equal(machine.Slam(shar, new Cell(key, other), TestContext.Current.CancellationToken), machine.Slam(shar, new Cell(otherKey, seed), TestContext.Current.CancellationToken));
        }
        Assert.InRange(negative, 1, 19);
        Assert.Equal("exit", machine.TrySlam(puck, Atom.Of(System.Numerics.BigInteger.Pow(2, 256)), TestContext.Current.CancellationToken).Mote);
    }
}
