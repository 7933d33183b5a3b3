using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Tests.Vere.Protocol;
using Seguro.Vere.Protocol;

namespace Seguro.Tests.Vere.StandIn;

/// <summary>A session of the real king and worker, given to the stand-in's worker anew: it says what vere's said, and its log is vere's, to the byte.</summary>
public sealed class RecordedSessionTests : IDisposable
{
    private const ulong Start = 599;
    private const ulong End = 925;
    private readonly TemporaryFolder _folder = new("recorded");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_worker_says_what_vere_said_to_the_byte()
    {
        (string Name, string Value) version = ("STANDIN_VERE_VERSION", "4.6-859fd5c");
        string pier = PreparePier();
        (int code, string text) = await StandInVere.RunAsync(["queu", "-r", $"{Start}", pier], Cancel, version);
        Assert.True(code == 0, text);

        List<VereGift> said = [];
        await using (StandInWorker worker = StandInWorker.Start(pier, version, ("STANDIN_VERE_TIMES", WriteTimes())))
        {
            // In the recorded order: what the king sent waits until the worker has said all that it had said before.
            int at = 0;
            foreach ((bool isKings, byte[] frame) in Recording.Frames)
            {
                at++;
                if (isKings)
                {
                    await worker.SendAsync(frame, Cancel);
                    continue;
                }
                byte[] heard = await worker.HearAsync(Cancel) ?? throw new InvalidOperationException($"The worker ended at frame {at}: {(await worker.EndAsync(Cancel)).Text}");
                said.Add(VereGift.Read(Cue.From(heard), VereProtocol.Two));
                // The tanks of a goof tell where in the kernel's source it crashed, as the kernel itself writes them.
                Assert.True(frame.AsSpan(Newt.HeaderBytes).SequenceEqual(heard), $"frame {at}: {Cue.From(frame.AsSpan(Newt.HeaderBytes))} was recorded, {said[^1]} came");
            }
            Assert.Equal(0, (await worker.EndAsync(Cancel)).Code);
        }
        Assert.Equal(2, said.OfType<VereGift.PokeFailed>().Count());
        Assert.Equal((int)(End - Start), said.OfType<VereGift.Poked>().Count());
        Assert.Equal(Events(Path.Combine(SharedData.Path, "zod")), Events(pier));
        Assert.False(File.Exists(Path.Combine(pier, ".vere.lock")));
        using Pier ended = Pier.Open(pier, PierAccess.Offline);
        Assert.Contains(ended.Info.Images, static image => image.Event.Value == End);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The real pier, cut back to where the recorded session began, with the state that vere exported there.</summary>
    private string PreparePier()
    {
        string pier = SharedData.CopyPier("zod", _folder["zod"]);
        Directory.CreateDirectory(Path.Combine(pier, ".urb/roc"));
        File.Copy(Path.Combine(SharedData.Path, $"zod/.urb/roc/{Start}.jam"), Path.Combine(pier, $".urb/roc/{Start}.jam"));
        using LmdbEnvironment environment = LmdbEnvironment.Open(Path.Combine(pier, ".urb/log/0i0"), isAside: false);
        using LmdbTransaction transaction = environment.Begin();
        transaction.DeleteFrom(transaction.Table(PierMeta.Events, integerKeys: true), Start + 1);
        transaction.Commit();
        return pier;
    }

    /// <summary>When each poke came: the times of the events that came of them, and any time for the two of which none came.</summary>
    private string WriteTimes()
    {
        Queue<string> times = new(Events(Path.Combine(SharedData.Path, "zod")).Select(static payload => $"{((Atom)((Cell)Cue.From(Convert.FromHexString(payload).AsSpan(4))).Head).ToBigInteger()}"));
        List<string> lines = [];
        foreach ((bool isKings, byte[] frame) in Recording.Frames.Where(static frame => !frame.IsKings))
        {
            switch (VereGift.Read(Cue.From(frame.AsSpan(Newt.HeaderBytes)), VereProtocol.Two))
            {
                case VereGift.Poked:
                    lines.Add(times.Dequeue());
                    break;
                case VereGift.PokeFailed:
                    lines.Add(times.Peek());
                    break;
            }
        }
        Assert.Empty(times);
        File.WriteAllLines(_folder["times"], lines);
        return _folder["times"];
    }

    private static List<string> Events(string path)
    {
        using Pier pier = Pier.Open(path, PierAccess.Offline);
        return [.. pier.Read(new EventNumber(Start + 1), new EventNumber(End)).Select(static made => Convert.ToHexString(made.Payload.Span))];
    }
}
