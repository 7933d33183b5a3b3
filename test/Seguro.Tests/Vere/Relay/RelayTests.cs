using Seguro.Core;
using Seguro.Nouns;
using Seguro.Tests.Vere.Protocol;
using Seguro.Vere.Protocol;
using Seguro.Vere.Relay;

namespace Seguro.Tests.Vere.Relay;

/// <summary>What a relay does in each case that has a name.</summary>
public sealed class RelayTests
{
    private static readonly byte[] Poke = Newt.Frame(NounReader.Read("[%poke 0 ['' %arvo ~] %wyrd 1]"));
    private static readonly byte[] Poked = Newt.Frame(NounReader.Read("[%poke 0 ~]"));
    private static readonly byte[] Exit = Newt.Frame(NounReader.Read("[%exit ~]"));

    private readonly List<RelayOutput> _outputs = [];
    private readonly List<byte> _toKing = [];
    private readonly List<byte> _toWorker = [];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_recorded_session_passes_byte_for_byte(bool isOpen)
    {
        RelayMachine relay = At(599, released: isOpen ? ulong.MaxValue : 599);
        foreach ((bool isKings, byte[] frame) in Recording.Frames)
            Step(relay, isKings ? new RelayInput.KingSent(frame) : new RelayInput.WorkerSent(frame));
        if (!isOpen)
        {
            byte[] kings = Recording.Stream(isKings: true);
            Same(kings.AsSpan()[..^Exit.Length], _toWorker);
            // No more than its first message, and what came before the first event.
            Same(Recording.Frames[0].Frame, _toKing);
            Step(relay, new RelayInput.Released(new EventNumber(700)));
            Assert.InRange(_toKing.Count, 100, Recording.Stream(isKings: false).Length - 100);
            Step(relay, new RelayInput.Released(new EventNumber(925)));
        }
        Same(Recording.Stream(isKings: true), _toWorker);
        Same(Recording.Stream(isKings: false), _toKing);
        Assert.Equal(Enumerable.Range(600, 326).Select(static n => (ulong)n), _outputs.OfType<RelayOutput.Computed>().Select(static computed => computed.Number.Value));
        Step(relay, new RelayInput.WorkerGone(0));
        Assert.Equal(new RelayOutput.Ended(0, null), _outputs[^1]);
    }

    [Fact]
    public void A_worker_that_stands_beyond_what_is_released_is_not_shown_to_the_king()
    {
        RelayMachine relay = At(9, released: 8);
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Assert.Empty(_toKing);
        Assert.Equal(9UL, Assert.IsType<RelayOutput.Ripened>(Assert.Single(_outputs)).Ripe.Number.Value);
        Step(relay, new RelayInput.Released(new EventNumber(9)));
        Same(Ripe(9), _toKing);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(10)]
    public void A_worker_that_stands_elsewhere_than_the_log_ends_is_ended_before_anything_is_told_of_it(ulong number)
    {
        RelayMachine relay = At(9, released: ulong.MaxValue);
        Step(relay, new RelayInput.KingSent(Poke));
        Step(relay, new RelayInput.WorkerSent((byte[])[.. Ripe(number), .. Poked]));
        Assert.Empty(_toKing);
        Assert.Contains(RelayOutput.KillWorker.Instance, _outputs);
        Assert.Contains($"stands at event {number}", Assert.IsType<RelayOutput.Ended>(_outputs[^1]).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(_outputs, static output => output is RelayOutput.Ripened or RelayOutput.Computed);
    }

    [Fact]
    public void A_king_that_ends_before_it_heard_of_the_worker_never_hears_of_it()
    {
        RelayMachine relay = At(9, released: 8);
        Step(relay, new RelayInput.KingSent(Exit));
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.Released(new EventNumber(9)));
        Assert.Empty(_toKing);
        Assert.Empty(_toWorker);
        Assert.Contains(RelayOutput.CloseWorker.Instance, _outputs);
        Step(relay, new RelayInput.WorkerGone(1));
        Assert.Equal(new RelayOutput.Ended(0, null), _outputs[^1]);
    }

    [Fact]
    public void A_snapshot_and_the_end_wait_for_what_the_store_does_not_have_though_it_is_released()
    {
        RelayMachine relay = new(new RelayOptions { PierHead = new EventNumber(9), Released = new EventNumber(9), Committed = new EventNumber(9) });
        byte[] save = Newt.Frame(NounReader.Read("[%sync %save ~]"));
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.KingSent(Poke));
        Step(relay, new RelayInput.WorkerSent(Poked));
        Step(relay, new RelayInput.Released(new EventNumber(10)));
        Step(relay, new RelayInput.Save());
        Same([.. Ripe(9), .. Poked], _toKing);
        Same(Poke, _toWorker);
        Step(relay, new RelayInput.Committed(new EventNumber(10)));
        Same([.. Poke, .. save], _toWorker);
        Step(relay, new RelayInput.KingSent((byte[])[.. Poke, .. Exit]));
        Step(relay, new RelayInput.WorkerSent(Poked));
        Step(relay, new RelayInput.Released(new EventNumber(11)));
        Same([.. Poke, .. save, .. Poke], _toWorker);
        Step(relay, new RelayInput.Committed(new EventNumber(11)));
        Same([.. Poke, .. save, .. Poke, .. Exit], _toWorker);
    }

    [Fact]
    public void The_end_waits_for_what_is_held_and_so_does_a_snapshot()
    {
        RelayMachine relay = At(9, released: 9);
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.KingSent(Poke));
        Step(relay, new RelayInput.Save());
        Step(relay, new RelayInput.KingSent((byte[])[.. Poke, .. Exit]));
        Assert.False(relay.MayReadKing);
        Same(Poke, _toWorker);
        Step(relay, new RelayInput.WorkerSent(Poked));
        Same(Poke, _toWorker);
        Step(relay, new RelayInput.Released(new EventNumber(10)));
        byte[] save = Newt.Frame(NounReader.Read("[%sync %save ~]"));
        Same([.. Poke, .. save, .. Poke], _toWorker);
        Step(relay, new RelayInput.WorkerSent((byte[])[.. Newt.Frame(NounReader.Read("[%sync 10 5]")), .. Poked]));
        Assert.Equal(new RelayOutput.Saved(new EventNumber(10), 5), Assert.Single(_outputs.OfType<RelayOutput.Saved>()));
        Same([.. Poke, .. save, .. Poke], _toWorker);
        Step(relay, new RelayInput.Released(new EventNumber(11)));
        Same([.. Poke, .. save, .. Poke, .. Exit], _toWorker);
        Same([.. Ripe(9), .. Poked, .. Poked], _toKing);
        Assert.True(relay.MayReadKing);
    }

    [Fact]
    public void A_reply_of_any_size_is_held_up_to_the_limit_and_passes_as_it_comes_once_it_may()
    {
        RelayMachine relay = At(9, released: 9);
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.KingSent(Poke));
        byte[] part = new byte[1 << 20];
        byte[] head = [0, 0xff, 0xff, 0xff, 0xff, .. Poked[5..]];
        long sent = head.Length;
        long heard = 0;
        relay.Step(new RelayInput.WorkerSent(head), []);
        while (relay.MayReadWorker)
            Send();
        Assert.InRange(relay.HeldBytes, 64 << 20, 65 << 20);
        // So the gate can open: the event is reported with the first bytes of its answer.
        Assert.Equal(new EventNumber(10), relay.Computed);
        Step(relay, new RelayInput.Released(new EventNumber(10)), bytes => heard += bytes.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (sent < 5L + uint.MaxValue)
            Send();
        Assert.Equal(sent, heard);
        Assert.Equal(0, relay.HeldBytes);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Step(relay, new RelayInput.KingSent(Exit));
        Same([.. Poke, .. Exit], _toWorker);

        void Send()
        {
            int count = (int)Math.Min(part.Length, 5L + uint.MaxValue - sent);
            sent += count;
            Step(relay, new RelayInput.WorkerSent(part.AsMemory(0, count)), bytes => heard += bytes.Length);
        }
    }

    [Theory]
    [InlineData("[%poke 2 ~]", "%poke")]
    [InlineData("[%work %done 10 5 ~]", "%work")]
    [InlineData("[%news 1]", "%news")]
    [InlineData("[%peek 0 ~]", "answers %peek, and %poke was asked")]
    [InlineData("[%ripe [2 ~] [0 0] 9 5]", "twice")]
    [InlineData("[%sync ~ %x 1]", "%sync")]
    [InlineData("7", "says 0")]
    public void A_worker_that_says_what_it_must_not_is_ended_and_the_king_hears_nothing_of_it(string gift, string reason)
    {
        RelayMachine relay = At(9, released: 9);
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.KingSent(Poke));
        Step(relay, new RelayInput.WorkerSent((byte[])[.. Newt.Frame(NounReader.Read(gift)), .. Poked]));
        Step(relay, new RelayInput.Released(new EventNumber(99)));
        Same(Ripe(9), _toKing);
        Assert.Equal(RelayOutput.KillWorker.Instance, _outputs[^2]);
        RelayOutput.Ended ended = Assert.IsType<RelayOutput.Ended>(_outputs[^1]);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(reason, ended.Reason, StringComparison.Ordinal);
        Assert.True(relay.HasEnded);
        Assert.False(relay.MayReadKing || relay.MayReadWorker);
    }

    [Fact]
    public void A_worker_of_another_protocol_is_refused_by_its_number()
    {
        RelayMachine relay = At(9, released: 9);
        Step(relay, new RelayInput.WorkerSent(Newt.Frame(NounReader.Read("[%ripe [3 ~] [0 0] 9 5]"))));
        Assert.Contains("protocol 3", Assert.IsType<RelayOutput.Ended>(_outputs[^1]).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_that_nobody_knows_passes_as_it_is_once_nothing_is_held()
    {
        RelayMachine relay = At(9, released: 9);
        byte[] unknown = Newt.Frame(NounReader.Read("[%news 1 2 3]"));
        Step(relay, new RelayInput.WorkerSent(Ripe(9)));
        Step(relay, new RelayInput.KingSent((byte[])[.. Poke, .. unknown]));
        Same(Poke, _toWorker);
        Step(relay, new RelayInput.WorkerSent(Poked));
        Step(relay, new RelayInput.Released(new EventNumber(10)));
        Same([.. Poke, .. unknown], _toWorker);
    }

    private static void Same(ReadOnlySpan<byte> expected, List<byte> found) => Assert.Equal(expected.ToArray(), found.ToArray());

    private static byte[] Ripe(ulong number) => Newt.Frame(Cell.Of("ripe", Cell.Of(2, 0), Cell.Of(0, 0), number, 5));

    private static RelayMachine At(ulong head, ulong released) => new(new RelayOptions { PierHead = new EventNumber(head), Released = new EventNumber(released) });

    private void Step(RelayMachine relay, RelayInput input, Action<ReadOnlyMemory<byte>>? hear = null)
    {
        int before = _outputs.Count;
        relay.Step(input, _outputs);
        for (int at = before; at < _outputs.Count; at++)
        {
            if (_outputs[at] is RelayOutput.ToWorker worker)
                _toWorker.AddRange(worker.Bytes.Span);
            else if (_outputs[at] is RelayOutput.ToKing king && hear is not null)
                hear(king.Bytes);
            else if (_outputs[at] is RelayOutput.ToKing said)
                _toKing.AddRange(said.Bytes.Span);
        }
        _outputs.RemoveAll(static output => output is RelayOutput.ToKing or RelayOutput.ToWorker);
    }
}
