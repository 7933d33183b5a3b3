using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>Protocol 1 between the stand-in's king and serf (vere-facts.md §5b).</summary>
public sealed class SerfTests : IDisposable
{
    private readonly StandInPier _pier = new("3.5");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_king_stamps_and_logs_and_saves_at_the_end()
    {
        await _pier.BootAsync();
        await using (StandInVere king = await _pier.LiveAsync())
        {
            await _pier.AskAsync("one");
            await _pier.TellAsync("crash");
            await _pier.TellAsync("crush");
            Assert.Equal(2u, (await _pier.AskAsync("two")).Datagrams);
            await king.SignalAsync("TERM");
            Assert.Equal(0, await king.EndAsync(Cancel));
        }
        using Pier pier = Pier.Open(_pier.Path, PierAccess.Offline);
        Assert.Equal(PierLayout.EpochsV3, pier.Info.Layout);
        List<(string Name, Noun Message)> frames = _pier.Recorded();
        VereGift.Ripe ripe = Assert.IsType<VereGift.Ripe>(VereGift.Read(frames[0].Message, VereProtocol.One));

        // Each answer's event is what lies in the log: the stamped task, or what the serf computed in its place.
        Queue<VereTask.Work> asked = new();
        int swapped = 0;
        int failed = 0;
        ulong last = ripe.Number.Value;
        foreach ((string name, Noun message) in frames)
        {
            if (name == ">work")
                asked.Enqueue(Assert.IsType<VereTask.Work>(VereTask.Read(message, VereProtocol.One)));
            if (name != "<work")
                continue;
            VereTask.Work work = asked.Dequeue();
            switch (VereGift.Read(message, VereProtocol.One))
            {
                case VereGift.Worked worked:
                    Check(worked.Number, worked.Mug, new Cell(work.Now, work.Ovum));
                    break;
                case VereGift.Swapped other:
                    swapped++;
                    Assert.Equal(work.Ovum, Axis.Get(other.Job, 31));
                    Check(other.Number, other.Mug, other.Job);
                    break;
                case VereGift.PokeFailed goofs:
                    failed++;
                    Assert.Equal(2, NounList.Items(goofs.Goofs).Count());
                    break;
            }
        }
        Assert.Equal((1, 1), (swapped, failed));
        Assert.Equal(pier.Info.Last.Value, last);
        Assert.Equal([">live", "<live", ">live"], frames[^3..].Select(static frame => frame.Name));
        Assert.Equal(Cell.Of("live", "save", last), frames[^3].Message);
        Assert.Equal(Cell.Of("live", "exit", 0), frames[^1].Message);
        Assert.Contains(pier.Info.Images, image => image.Event.Value == last);

        void Check(EventNumber number, uint mug, Noun made)
        {
            Assert.Equal(++last, number.Value);
            Assert.Equal([.. BitConverter.GetBytes(mug), .. Jam.ToBytes(made)], pier.Read(number, number).Single().Payload.ToArray());
        }
    }

    [Fact]
    public async Task A_king_that_is_killed_has_lost_nothing_and_the_next_replays_in_a_process_of_its_own()
    {
        await _pier.BootAsync();
        await using (StandInVere king = await _pier.LiveAsync())
        {
            await _pier.AskAsync("one");
            Assert.Equal(king.Id, _pier.LockedBy());
            await king.SignalAsync("KILL");
            await king.EndAsync(Cancel);
        }
        await using StandInVere next = await _pier.LiveAsync();
        Assert.Contains("playback complete", next.Text, StringComparison.Ordinal);
        Assert.Equal(2u, (await _pier.AskAsync("two")).Datagrams);
    }

    [Fact]
    public async Task A_serf_can_be_played_events_and_says_the_mug()
    {
        await _pier.BootAsync();
        byte[][] payloads;
        using (Pier pier = Pier.Open(_pier.Path, PierAccess.Offline))
            payloads = [.. pier.Read(new EventNumber(1), pier.Info.Last).Select(static made => made.Payload.ToArray())];
        Noun[] events = [.. payloads.Select(static payload => Cue.From(payload.AsSpan(4)))];
        string empty = Path.Combine(Path.GetDirectoryName(_pier.Path)!, "empty");
        Directory.CreateDirectory(empty);
        await using StandInWorker serf = StandInWorker.Start(empty, _pier.Version);
        Assert.Equal(0u, Assert.IsType<VereGift.Ripe>(await serf.GiftAsync(Cancel)).Number.Value);
        await serf.SendAsync(new VereTask.Play(new EventNumber(1), NounList.Of(events.AsSpan(0, 2))), Cancel);
        Assert.NotEqual(0u, Assert.IsType<VereGift.Played>(await serf.GiftAsync(Cancel)).Mug);
        await serf.SendAsync(new VereTask.Play(new EventNumber(3), NounList.Of(events.AsSpan(2))), Cancel);
        Assert.Equal(BitConverter.ToUInt32(payloads[^1]), Assert.IsType<VereGift.Played>(await serf.GiftAsync(Cancel)).Mug);
        await serf.SendAsync(new VereTask.Exit(VereProtocol.One, 3), Cancel);
        Assert.Equal(3, (await serf.EndAsync(Cancel)).Code);
    }

    public void Dispose() => _pier.Dispose();
}
