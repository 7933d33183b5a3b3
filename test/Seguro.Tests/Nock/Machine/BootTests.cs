using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>A ship from the first event of its log on.</summary>
/// <remarks>
/// Its first five events are, in this order: the formula of the lifecycle, which evaluates the next one against what follows; a formula that
/// compiles; the compiler as a formula (hoon 140, some 0.5 MB), the source of <c>hoon.hoon</c>, the source of <c>arvo.hoon</c>. The second runs the
/// third, compiles hoon's source with it, compiles it again with what came out (the same call, so it is remembered), and then arvo's source. Axis 7 of
/// the product is a kernel that knows no vanes. Events 6 to 10 tell it its versions, name and entropy; 11 brings the sources of zuse and the vanes, which it
/// compiles, 12 boots, 13 brings the files of the base desk. All have mug 0; vere's first mug is event 14's.
/// </remarks>
public class BootTests
{
    private const string Asked = "SEGURO_TEST_WHOLE_SHIP";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Asked) == "1";

    /// <summary>The figure is no one else's; but going on from this kernel, event 14 and all that follow had vere's mugs (the test below).</summary>
    [Fact]
    public void The_boot_formulas_compile_a_kernel_from_its_source()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        ArvoKernel kernel = Boot(pier);
        Assert.Equal(0x6ffd20ffu, kernel.Mug);
        foreach (PierEvent log in pier.Read(new EventNumber(6), new EventNumber(10)))
            kernel.Poke(Event(log), TestContext.Current.CancellationToken);
        Assert.Equal(0x09ffca0au, kernel.Mug);
    }

    [Fact(Skip = $"Takes minutes: {Asked}=1 asks for it.", SkipUnless = nameof(IsAsked))]
    public void A_real_ship_is_computed_from_its_log_alone()
    {
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        ArvoKernel kernel = Boot(pier);
        int compared = 0;
        foreach (PierEvent log in pier.Read(new EventNumber(6), pier.Info.Last))
        {
            kernel.Poke(Event(log), TestContext.Current.CancellationToken);
            uint expected = BinaryPrimitives.ReadUInt32LittleEndian(log.Payload.Span);
            if (expected == 0)
                continue;
            Assert.True(expected == kernel.Mug, $"After event {log.Number} the mug is {kernel.Mug:x8}; vere's was {expected:x8}.");
            compared++;
        }
        Assert.Equal(912, compared);
    }

    private static ArvoKernel Boot(Pier pier)
    {
        Noun[] formulas = [.. pier.Read(new EventNumber(1), new EventNumber(5)).Select(Event)];
        return ArvoKernel.Boot(new NockMachine(), NounList.Of(formulas), TestContext.Current.CancellationToken);
    }

    private static Noun Event(PierEvent log) => Cue.From(log.Payload.Span[4..]);
}
