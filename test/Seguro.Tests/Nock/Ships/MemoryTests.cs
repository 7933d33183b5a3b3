using Seguro.Core;
using Seguro.Nock;
using Seguro.Nock.Kernels;
using Seguro.Nock.Ships;
using Seguro.Nouns;
using Seguro.Tests.Nock;
using Xunit;
using static Seguro.Nock.Kernels.Formulas;

namespace Seguro.Tests.Nock.Ships;

/// <summary>What takes too much memory. The heap is the process's, so nothing else runs beside these.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryTests : IDisposable
{
    private const string Name = "the whole heap";
    private const long Room = 256L << 20;

    // A list that grows for ever; what is said of it is counted.
    private static readonly Formula Greedy = If(
        Same("tag", Text("crud")),
        Tuple(0, Edit("arvo", ("count", Next("count")))),
        Let("all", 0, Loop("grow", Again("grow", ("all", Tuple(1, "all"))))));

    private readonly ShipFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // An eighth of a budget must be free after a collection (HeapBudget), and the tests before these may have left much that lives.
    private static long Budget => (GC.GetTotalMemory(forceFullCollection: true) + Room) / 7 * 8;

    [Fact]
    public async Task An_ovum_that_takes_too_much_memory_is_reported_to_the_kernel_and_others_need_not_compute_it()
    {
        await using NockShip master = await _fixture.OfAsync(Greedy, maxCalls: 0, maxHeap: Budget);
        Computation.Accepted made = await ShipFixture.PokeAsync(master, ShipFixture.Hear("x"));
        Assert.Contains("%meme", made.Failure, StringComparison.Ordinal);
        Noun crud = Cue.From(made.Payload.Span[4..]);
        Assert.Equal("crud", Axis.Get(crud, 14));
        Assert.Equal("meme", Axis.Get(crud, 60));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, Budget);

        // Whoever processes the event computes the report alone, with however little memory.
        await using NockShip replica = await _fixture.OfAsync(Greedy, maxCalls: 0, maxHeap: 1, name: "replica");
        Assert.Equal(made.Mug, (await replica.ApplyAsync(made.Number, made.Payload, Cancel)).Mug);
        Assert.Equal(new EventNumber(3), (await ShipFixture.PokeAsync(master, ShipFixture.Hear("again"))).Number);
    }

    [Fact]
    public async Task An_event_of_the_log_that_takes_too_much_memory_fails_for_that_reason()
    {
        await using NockShip ship = await _fixture.OfAsync(Greedy, machineHeap: Budget);
        ReadOnlyMemory<byte> made = (byte[])[1, 0, 0, 0, .. Jam.ToBytes(Cell.Of(7, NounList.Path("x"), "hear", 0))];
        SeguroException failed = await Assert.ThrowsAsync<SeguroException>(async () => await ship.ApplyAsync(ship.Number.Next, made, Cancel));
        Assert.Equal(ErrorCode.Crashed, failed.Code);
        Assert.IsType<InsufficientMemoryException>(failed.InnerException);
    }

    [Fact]
    public void Garbage_is_not_counted()
    {
        // Each round's list is dropped: twice the budget in all, a tenth of it at a time.
        Formula round = Let("n", 0, Let("all", 0, Loop("grow", If(Same("n", 800_000), "all", Again("grow", ("n", Next("n")), ("all", Tuple("n", "all")))))));
        NockMachine machine = new(new NockOptions { MaxHeap = Budget });
        Noun formula = round.ToNoun();
        for (int i = 0; i < 20; i++)
            Assert.True(machine.Try(0, formula, Cancel).Succeeded);
    }

    /// <summary>Calls of jets are few, and what they make may be large.</summary>
    [Theory]
    [InlineData("=/  l  *(list @)  |-  ?:  =(~ 1)  l  $(l [(bex 1.000.000.000) l])")]
    [InlineData("=/  l  *(list *)  |-  ?:  =(~ 1)  l  $(l [(reap 10.000.000 l) l])")]
    [InlineData("=/  l  *(list *)  |-  ?:  =(~ 1)  l  $(l [(rip 3 (bex 500.000.000)) l])")]
    [InlineData("=/  l  *(list *)  |-  ?:  =(~ 1)  l  $(l [(trip (bex 500.000.000)) l])")]
    public void Large_products_of_jets_are_counted_before_they_are_made(string hoon)
    {
        ArvoKernel kernel = Ship599.Restore();
        kernel.Wish(hoon.Replace("=(~ 1)", "=(~ ~)", StringComparison.Ordinal), Cancel); // compiled once, and ends at once
        kernel.Machine.MaxHeap = Budget + (1L << 30);
        Assert.Equal("meme", Assert.Throws<NockException>(() => kernel.Wish(hoon, Cancel)).Result.Mote);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, kernel.Machine.MaxHeap);
    }

    public void Dispose() => _fixture.Dispose();
}
