using System.Net.Sockets;
using System.Threading.Channels;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Vere.Protocol;
using Seguro.Vere.Relay;

namespace Seguro.Tests.Vere.Relay;

/// <summary>A relay between a king and a worker of this test, over sockets, as vere's own are.</summary>
public sealed class RelayPumpTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("seguro-relay-").FullName;
    private readonly Channel<RelayOutput> _reports = Channel.CreateUnbounded<RelayOutput>();
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private Stream _king = Stream.Null;
    private Stream _worker = Stream.Null;
    private RelayPump _pump = null!;
    private Task<RelayOutput.Ended> _running = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _cancel.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        await _king.DisposeAsync();
        await _worker.DisposeAsync();
        _cancel.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_session_passes_in_order_and_ends_well()
    {
        const int Pokes = 3_000;
        await StartAsync();
        Task worker = Task.Run(WorkAsync, Cancel);
        Task gate = Task.Run(
            async () =>
            {
                await foreach (RelayOutput report in _reports.Reader.ReadAllAsync(Cancel))
                {
                    if (report is RelayOutput.Computed computed)
                        _pump.Give(new RelayInput.Released(computed.Number));
                }
            },
            Cancel);
        Assert.IsType<VereGift.Ripe>(await HearAsync());
        for (int sent = 0, heard = 0; heard < Pokes; heard++)
        {
            for (; sent < Math.Min(Pokes, heard + 10); sent++)
                await _king.WriteAsync(Newt.Frame(new VereTask.Poke(0, new Cell(NounList.Path("a"), (ulong)sent)).ToNoun()), Cancel);
            Assert.Equal((Noun)heard, Assert.IsType<VereGift.Poked>(await HearAsync()).Effects is Cell effects ? effects.Head : null);
        }
        await _king.WriteAsync(Newt.Frame(new VereTask.Exit(VereProtocol.Two, 0).ToNoun()), Cancel);
        Assert.Null(await HearAsync());
        Assert.Equal(new RelayOutput.Ended(0, null), await _running.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        await worker;
        _reports.Writer.Complete();
        await gate;
    }

    [Fact]
    public async Task Who_is_cut_off_hears_nothing_of_what_was_held()
    {
        await StartAsync();
        Task worker = Task.Run(WorkAsync, Cancel);
        Assert.IsType<VereGift.Ripe>(await HearAsync());
        await _king.WriteAsync(Newt.Frame(new VereTask.Poke(0, new Cell(NounList.Path("a"), 1)).ToNoun()), Cancel);
        RelayOutput report;
        do
            report = await _reports.Reader.ReadAsync(Cancel);
        while (report is not RelayOutput.Computed);
        await _cancel.CancelAsync();
        Assert.Equal(1, (await _running.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).ExitCode);
        Assert.Equal(RelayOutput.KillWorker.Instance, await _reports.Reader.ReadAsync(Cancel));
        Assert.Null(await HearAsync());
        await worker;
    }

    [Fact]
    public async Task A_king_that_hangs_up_closes_the_worker_s_input_and_its_events_are_known()
    {
        await StartAsync();
        await _worker.WriteAsync(Newt.Frame(new VereGift.Ripe(VereProtocol.Two, 0, Cell.Of(0, 0), new EventNumber(9), 5).ToNoun()), Cancel);
        Assert.IsType<VereGift.Ripe>(await HearAsync());
        await _king.WriteAsync(Newt.Frame(new VereTask.Poke(0, new Cell(NounList.Path("a"), 1)).ToNoun()), Cancel);
        Assert.NotNull(await Newt.ReadAsync(_worker, 1000, Cancel));
        await _king.DisposeAsync();
        Assert.Null(await Newt.ReadAsync(_worker, 1000, Cancel));
        await _worker.WriteAsync(Newt.Frame(new VereGift.Poked(0).ToNoun()), Cancel);
        await _worker.DisposeAsync();
        _exited.SetResult(1);
        Assert.Equal(new RelayOutput.Ended(1, "the king ended"), await _running.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        Assert.IsType<RelayOutput.Ripened>(await _reports.Reader.ReadAsync(Cancel));
        Assert.Equal(new RelayOutput.Computed(new EventNumber(10), null), await _reports.Reader.ReadAsync(Cancel));
    }

    private async Task StartAsync()
    {
        (_king, Stream king) = await PairAsync("king");
        (_worker, Stream worker) = await PairAsync("worker");
        RelayMachine machine = new(new RelayOptions { PierHead = new EventNumber(9), Released = new EventNumber(9) });
        _pump = new RelayPump(
            machine, new RelayEnd(king, new SendOnly(king), Task.FromResult(0)), new RelayEnd(worker, new SendOnly(worker), _exited.Task), output => _reports.Writer.TryWrite(output));
        _running = _pump.RunAsync(_cancel.Token);
    }

    /// <summary>Answers each poke with its number and the card; ends when it is told to, or when its input ends.</summary>
    private async Task WorkAsync()
    {
        ulong number = 9;
        await _worker.WriteAsync(Newt.Frame(new VereGift.Ripe(VereProtocol.Two, 0, Cell.Of(0, 0), new EventNumber(number), 5).ToNoun()), Cancel);
        int exit = 1;
        while (await Newt.ReadAsync(_worker, 1000, Cancel) is { } jam)
        {
            if (VereTask.Read(Cue.From(jam), VereProtocol.Two) is not VereTask.Poke poke)
            {
                exit = 0;
                break;
            }
            number++;
            await _worker.WriteAsync(Newt.Frame(new VereGift.Poked(new Cell(((Cell)poke.Ovum).Tail, Atom.Of(new byte[number % 900]))).ToNoun()), Cancel);
        }
        await _worker.DisposeAsync();
        _exited.TrySetResult(exit);
    }

    private async Task<VereGift?> HearAsync() => await Newt.ReadAsync(_king, 10_000, Cancel) is { } jam ? VereGift.Read(Cue.From(jam), VereProtocol.Two) : null;

    private async Task<(Stream One, Stream Other)> PairAsync(string name)
    {
        UnixDomainSocketEndPoint place = new(Path.Combine(_folder, name));
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(place);
        listener.Listen();
        Socket one = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await one.ConnectAsync(place, Cancel);
        return (new NetworkStream(one, ownsSocket: true), new NetworkStream(await listener.AcceptAsync(Cancel), ownsSocket: true));
    }
}
