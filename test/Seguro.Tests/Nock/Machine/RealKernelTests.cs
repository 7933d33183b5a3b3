using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>Against what the real runtime computed.</summary>
public class RealKernelTests
{
    [Fact]
    public void The_ivory_pill_boots_and_answers()
    {
        Noun pill = Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "ivory-2023-02-08.pill")));
        Assert.Equal(0x2a2274c9, pill.Mug);
        ArvoKernel kernel = ArvoKernel.Boot(new NockMachine(), ((Cell)pill).Tail, TestContext.Current.CancellationToken);
        Assert.Equal(0x4bb376f0u, kernel.Mug);
        Assert.Equal(4, kernel.Wish("(add 2 2)", TestContext.Current.CancellationToken));
        Assert.Equal(Cord.Tape("~zod"), kernel.Wish("(scow %p 0)", TestContext.Current.CancellationToken));
        Assert.Equal("exit", Assert.Throws<NockException>(() => kernel.Wish("(add 2 2")).Result.Mote);
    }

    /// <summary>326 events of a real ship's afternoon: commands, files, conversations with another ship, requests, timers.</summary>
    [Theory]
    [InlineData(20_000)]
    [InlineData(1)]
    public void A_real_ship_lives_on_from_an_exported_state(int compileAfter)
    {
        ArvoKernel kernel = Ship599.Restore(new NockOptions { CompileAfter = compileAfter });
        Assert.Equal(0x76adbc01u, kernel.Mug);
        using Pier pier = Pier.Open(Path.Combine(SharedData.Path, "zod"), PierAccess.Offline);
        int count = 0;
        foreach (PierEvent log in pier.Read(new EventNumber(600), pier.Info.Last))
        {
            kernel.Poke(Cue.From(log.Payload.Span[4..]), TestContext.Current.CancellationToken);
            uint expected = BinaryPrimitives.ReadUInt32LittleEndian(log.Payload.Span);
            Assert.True(expected == kernel.Mug, $"After event {log.Number} the mug is {kernel.Mug:x8}; vere's was {expected:x8}.");
            count++;
        }
        Assert.Equal(326, count);
    }

    [Fact]
    public void An_interrupted_or_crashing_event_changes_nothing()
    {
        ArvoKernel kernel = Ship599.Restore();
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => kernel.Poke(0, source.Token));
        Assert.Equal("exit", kernel.TryPoke(0, TestContext.Current.CancellationToken).Mote);
        Assert.Equal(0x76adbc01u, kernel.Mug);
        Assert.Throws<NounException>(() => ArvoKernel.Restore(new NockMachine(), Cell.Of("arvo", kernel.Core)));
    }
}
