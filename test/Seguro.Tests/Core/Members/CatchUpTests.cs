using Seguro.Core;
using Seguro.Tests.Piers.LocalLogs;
using Xunit;

namespace Seguro.Tests.Core.Members;

/// <summary>A replica that is 20,000 events behind a cluster, and what holds it back; the time is made up, so that what is said of it is exact.</summary>
public sealed class CatchUpTests
{
    private const ulong Behind = 20_000;
    private const ulong Growth = 2000;
    private static readonly List<Event> Log = EventChain.After(Position.Origin, (int)(Behind + (Growth * 60)));
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Cost = TimeSpan.FromMicroseconds(100); // for each event: 10,000 of them a second at the most

    [Fact]
    public void It_spares_a_master_that_is_at_work_and_gets_there_all_the_same()
    {
        Bed bed = new();
        bed.Run(TimeSpan.FromSeconds(4));
        // A quarter of what comes and an eighth of its time are 500 and 1,250 events a second.
        Assert.InRange(bed.Processed, 4 * Growth, 4 * (Growth + 1250) * 12 / 10);
        Assert.All(bed.Reads.Skip(2), static read => Assert.Equal("m1", read.Sparing)); // the first come before the first word of the master
        bed.Run(TimeSpan.FromSeconds(20));
        Assert.InRange(bed.Processed, bed.Head - 600, bed.Head);
    }

    [Fact]
    public void It_hurries_where_the_log_stands_still()
    {
        Bed bed = new() { PerSecond = 0 };
        bed.Run(TimeSpan.FromSeconds(4));
        Assert.Equal(Behind, bed.Processed);
    }

    [Fact]
    public void It_hurries_where_the_gate_needs_all_replicas()
    {
        Bed bed = new() { Optimism = 2 };
        bed.Run(TimeSpan.FromSeconds(4));
        Assert.InRange(bed.Processed, Behind, bed.Head);
        Assert.All(bed.Reads.Skip(2), static read => Assert.Null(read.Sparing));
    }

    [Fact]
    public void It_hurries_where_effects_wait()
    {
        Bed bed = new() { Released = new EventNumber(Behind) };
        bed.Run(TimeSpan.FromSeconds(4));
        Assert.InRange(bed.Processed, Behind, bed.Head);
    }

    [Fact]
    public void It_hurries_and_stands_for_mastership_as_soon_as_ever_where_the_master_is_gone()
    {
        Bed bed = new();
        bed.Run(TimeSpan.FromSeconds(2));
        ulong before = bed.Processed;
        bed.IsMasterGone = true;
        int reads = bed.Reads.Count;
        bed.Run(TimeSpan.FromSeconds(1));
        // Half a lease's silence is enough to hurry; then it has half a second at full speed.
        Assert.InRange(bed.Processed - before, 4500u, 9000u);
        Assert.Null(bed.Reads[^1].Sparing);
        bed.Run(TimeSpan.FromSeconds(2.5));
        Assert.True(bed.HasCampaigned);
        // The lease, the rank's share of it, and where it is still far behind one lease more.
        Assert.InRange(bed.CampaignedAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5));
    }

    private static Position At(ulong number) => new(Log[(int)number - 1].Number, Log[(int)number - 1].Chain);

    /// <summary>Three members, of which the third is looked at.</summary>
    private sealed class Bed
    {
        private readonly Member _member = new(new MemberOptions { Name = "m3", Candidate = "m3@1", Members = ["m1", "m2", "m3"] });
        private readonly List<MemberOutput> _outputs = [];
        private readonly PriorityQueue<MemberInput, TimeSpan> _answers = new();
        private TimeSpan _now;
        private TimeSpan _gone;
        private ulong _renewals;

        public Bed() => Step(new MemberInput.Started(Position.Origin, Position.Origin));

        public ulong PerSecond { get; init; } = Growth;

        public int Optimism { get; init; } = 1;

        public EventNumber? Released { get; init; }

        public bool IsMasterGone { get; set; }

        public bool HasCampaigned { get; private set; }

        public TimeSpan CampaignedAfter { get; private set; }

        public List<MemberOutput.Read> Reads { get; } = [];

        public ulong Processed => _member.Status.Processed.Number.Value;

        public ulong Head { get; private set; } = Behind;

        private Lease Lease => new(new Term(1), "m1@1", _renewals, TimeSpan.FromSeconds(1));

        public void Run(TimeSpan time)
        {
            TimeSpan end = _now + time;
            for (; _now < end; _now += Moment)
            {
                while (_answers.TryPeek(out _, out TimeSpan due) && due <= _now)
                    Step(_answers.Dequeue());
                if (IsMasterGone)
                {
                    _gone = _gone == default ? _now : _gone;
                }
                else
                {
                    Head = Behind + (ulong)(PerSecond * _now.TotalSeconds);
                    if (_now.Ticks % (5 * Moment.Ticks) == 0)
                        Push();
                }
                if (_now.Ticks % (20 * Moment.Ticks) == 0)
                    Step(MemberInput.Tick.Instance);
            }
        }

        private void Push()
        {
            _renewals += _now.Ticks % (50 * Moment.Ticks) == 0 ? 1u : 0;
            Position head = At(Head);
            Step(new MemberInput.Received("m1", new MemberMessage.Push(
                Lease, head, [], head, Released ?? head.Number, new ClusterSettings(new Optimism(Optimism, ReplicaLossPolicy.Wait), null, default))));
        }

        private void Step(MemberInput input)
        {
            _outputs.Clear();
            _member.Step(_now, input, _outputs);
            foreach (MemberOutput output in _outputs.ToArray())
                Answer(output);
        }

        private void Answer(MemberOutput output)
        {
            switch (output)
            {
                case MemberOutput.ReadState:
                    After(Moment, new MemberInput.StateRead(
                        new LogState(Position.Origin, new Head(new Term(1), new(Behind), At(Behind).Chain), Lease, 0), default, Position.Origin));
                    break;
                case MemberOutput.Read read:
                    Reads.Add(read);
                    ulong count = Math.Min(512, read.Last.Value - read.After.Number.Value);
                    After(Moment, new MemberInput.EventsRead(read.After, Log.GetRange((int)read.After.Number.Value, (int)count)));
                    break;
                case MemberOutput.AppendLocal append:
                    After(TimeSpan.Zero, new MemberInput.LocalAppended(new Position(append.Events[^1].Number, append.Events[^1].Chain)));
                    break;
                case MemberOutput.Apply apply:
                    After(Cost * apply.Events.Count, new MemberInput.EventsApplied([.. apply.Events.Select(static _ => new Applied(0, [], 0))]));
                    break;
                case MemberOutput.ObserveLease:
                    After(Moment, new MemberInput.LeaseObserved(Lease));
                    break;
                case MemberOutput.Campaign:
                    HasCampaigned = true;
                    CampaignedAfter = _now - _gone;
                    break;
            }
        }

        private void After(TimeSpan delay, MemberInput input) => _answers.Enqueue(input, _now + delay);
    }
}
