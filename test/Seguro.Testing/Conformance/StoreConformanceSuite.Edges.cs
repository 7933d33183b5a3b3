using Seguro.Core;
using Xunit;

namespace Seguro.Testing;

// One step beside each condition of a conditional write: what a comparison that is off by one, or looks the wrong way, would let through.
public abstract partial class StoreConformanceSuite
{
    [Fact(Timeout = Bound)]
    public async Task A_campaign_with_an_outdated_sighting_of_a_master_that_renews_is_lost()
    {
        await using LogSession session = await BeginAsync();
        session.Follow(await session.CampaignAsync(session.Lease, Cancel)); // term 2, so that there is a term before
        Lease current = session.Lease;
        for (int i = 0; i < 3; i++)
            current = Assert.IsType<LeaseOutcome.Done>(await session.Stored.RenewAsync(current, Cancel)).Lease;
        TimeSpan tick = TimeSpan.FromMilliseconds(1);
        Lease[] sightings =
        [
            session.Lease,
            current with { Renewals = current.Renewals - 1 },
            current with { Renewals = current.Renewals + 1 },
            current with { Renewals = ulong.MaxValue >> 1 },
            current with { Term = new Term(current.Term.Value - 1) },
            current with { Term = current.Term.Next },
            current with { Duration = current.Duration - tick },
            current with { Duration = current.Duration + tick },
            current with { Holder = "a" },
            current with { Holder = "~" },
            current with { Holder = "" },
        ];
        foreach (Lease seen in sightings)
            Assert.Equal(new LeaseOutcome.Lost(current), await session.Stored.CampaignAsync(seen, "candidate", LogSession.LeaseDuration, Cancel));
        Assert.Equal(current, (await session.Stored.ReadStateAsync(Cancel)).Lease);
        Assert.IsType<LeaseOutcome.Done>(await session.Stored.CampaignAsync(current, "candidate", LogSession.LeaseDuration, Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task A_mastership_of_another_term_is_another_though_its_holder_has_the_same_name()
    {
        await using LogSession session = await BeginAsync();
        Lease lease = session.Lease;
        List<Lease> terms = [];
        for (int i = 0; i < 3; i++)
            terms.Add(lease = Assert.IsType<LeaseOutcome.Done>(await session.Stored.CampaignAsync(lease, "again", LogSession.LeaseDuration, Cancel)).Lease);
        foreach (Lease other in (Lease[])[terms[0], terms[1], lease with { Term = lease.Term.Next }])
        {
            Assert.Equal(new LeaseOutcome.Lost(lease), await session.Stored.RenewAsync(other, Cancel));
            Assert.Equal(new LeaseOutcome.Lost(lease), await session.Stored.ResignAsync(other, Cancel));
        }
        foreach (string name in (string[])["a", "agaim", "agaio", "~"])
        {
            Assert.Equal(new LeaseOutcome.Lost(lease), await session.Stored.RenewAsync(lease with { Holder = name }, Cancel));
            Assert.Equal(new LeaseOutcome.Lost(lease), await session.Stored.ResignAsync(lease with { Holder = name }, Cancel));
        }
        Assert.Equal(lease, (await session.Stored.ReadStateAsync(Cancel)).Lease);
    }

    [Fact(Timeout = Bound)]
    public async Task A_lease_that_is_free_is_nobodys_to_renew()
    {
        await using LogSession session = await BeginAsync();
        Lease free = Assert.IsType<LeaseOutcome.Done>(await session.Stored.ResignAsync(session.Lease, Cancel)).Lease;
        Assert.Equal(new LeaseOutcome.Lost(free), await session.Stored.RenewAsync(free, Cancel));
        Assert.Equal(new LeaseOutcome.Done(free), await session.Stored.ResignAsync(free, Cancel));
        Assert.Equal(free, (await session.Stored.ReadStateAsync(Cancel)).Lease);
    }

    [Fact(Timeout = Bound)]
    public async Task An_append_beside_the_head_conflicts_whichever_part_of_the_position_is_right()
    {
        await using LogSession session = await BeginAsync();
        await session.AppendAsync(3, Cancel);
        LogState state = await session.Stored.ReadStateAsync(Cancel);
        byte[] highest = new byte[Chain.Size];
        highest.AsSpan().Fill(0xff);
        Position[] beside =
        [
            new(session.Head.Number.Previous, session.Head.Chain),
            new(session.Head.Number.Next, session.Head.Chain),
            new(session.Head.Number, Chain.Zero),
            new(session.Head.Number, new Chain(highest)),
        ];
        foreach (Position previous in beside)
        {
            Assert.Equal(new WriteOutcome.Conflict(state), await session.Stored.AppendAsync(LogSession.Build(session.Term, previous, [[9]]), Cancel));
            Assert.Equal(new WriteOutcome.Conflict(state), await session.Stored.AppendAsync(LogSession.Build(session.Term, previous, [[9], [], [8]]), Cancel));
        }
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task Metadata_of_another_key_another_log_and_another_term_stays()
    {
        await using LogSession session = await BeginAsync();
        await using LogSession other = await BeginAsync();
        session.Follow(await session.CampaignAsync(session.Lease, Cancel));
        byte[] red = "red"u8.ToArray();
        byte[] blue = "blue"u8.ToArray();
        foreach (string key in (string[])["a", "b", "c"])
        {
            Assert.IsType<WriteOutcome.Committed>(await session.Stored.SetMetadataAsync(session.Term, key, null, red, Cancel));
            Assert.IsType<WriteOutcome.Committed>(await other.Stored.SetMetadataAsync(other.Term, key, null, red, Cancel));
        }
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.SetMetadataAsync(session.Term, "b", red, blue, Cancel));
        foreach (Term term in (Term[])[new Term(1), session.Term.Next])
        {
            Assert.Equal(new WriteOutcome.Fenced(session.Lease), await session.Stored.SetMetadataAsync(term, "a", red, blue, Cancel));
            Assert.Equal(new WriteOutcome.Fenced(session.Lease), await session.Stored.SetMetadataAsync(term, "d", null, blue, Cancel));
        }
        foreach (byte[] wrong in (byte[][])["rec"u8.ToArray(), "ree"u8.ToArray(), "zzz"u8.ToArray(), []])
            Assert.IsType<WriteOutcome.Conflict>(await session.Stored.SetMetadataAsync(session.Term, "a", wrong, blue, Cancel));
        Assert.Equal("a=726564 b=626c7565 c=726564", Text(await session.Stored.ReadMetadataAsync(Cancel)));
        Assert.Equal("a=726564 b=726564 c=726564", Text(await other.Stored.ReadMetadataAsync(Cancel)));
    }

    [Fact(Timeout = Bound)]
    public async Task A_repeated_campaign_leaves_what_its_own_term_staged()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await session.AppendAsync(2, Cancel);
        Lease before = session.Lease;
        session.Follow(Assert.IsType<LeaseOutcome.Done>(await session.Stored.CampaignAsync(before, "again", LogSession.LeaseDuration, Cancel)).Lease);
        StagedEvent staged = StagedEvent.Of(session, fragments: 3, seed: 7);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(staged.Stage(session.Term, 1, 2), Cancel));
        Assert.Equal(new LeaseOutcome.Done(session.Lease), await session.Stored.CampaignAsync(before, "again", LogSession.LeaseDuration, Cancel));
        await AppendAsync(session, staged);
        await session.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_campaign_leaves_the_fragments_of_the_head_and_those_of_other_logs()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await using LogSession other = await BeginAsync();
        StagedEvent theirs = StagedEvent.Of(other, fragments: 3, seed: 8);
        Assert.IsType<WriteOutcome.Committed>(await other.Stored.StageAsync(theirs.Stage(other.Term, 1, 2), Cancel));
        await session.AppendAsync(1, Cancel);
        StagedEvent mine = StagedEvent.Of(session, fragments: 4, seed: 9);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(mine.Stage(session.Term, 1, 3), Cancel));
        await AppendAsync(session, mine);
        session.Follow(await session.CampaignAsync(session.Lease, Cancel));
        await session.CheckAsync(Cancel);
        await AppendAsync(other, theirs);
        await other.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_leaves_the_fragments_of_the_first_event_that_is_kept_and_those_of_other_logs()
    {
        await using LogSession session = await BeginAsync();
        RequireStaging(session);
        await using LogSession other = await BeginAsync();
        foreach (LogSession each in (LogSession[])[session, other])
        {
            await each.AppendAsync(1, Cancel);
            for (ulong i = 0; i < 2; i++)
            {
                StagedEvent staged = StagedEvent.Of(each, fragments: 3, seed: 10 + i);
                Assert.IsType<WriteOutcome.Committed>(await each.Stored.StageAsync(staged.Stage(each.Term, 1, 2), Cancel));
                await AppendAsync(each, staged);
            }
        }
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, new EventNumber(3), Cancel));
        session.Payloads.RemoveRange(0, 2);
        await session.CheckAsync(Cancel);
        await other.CheckAsync(Cancel);
    }

    [Fact(Timeout = Bound)]
    public async Task A_trim_of_everything_gives_a_window_all_its_room_back()
    {
        await using LogSession session = await BeginAsync();
        if (await session.Store.ReadRoomAsync(Cancel) is not { } before)
            return;
        await session.AppendAsync([SeededPayload.Of(1, 10_000), SeededPayload.Of(2, 20_000)], Cancel);
        Assert.Equal(before - 30_000, await session.Store.ReadRoomAsync(Cancel));
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, session.Head.Number.Next, Cancel));
        Assert.Equal(before, await session.Store.ReadRoomAsync(Cancel));
    }

    [Fact(Timeout = Bound)]
    public async Task Numbers_above_32_bits_are_numbers_like_others()
    {
        const ulong Base = 4_311_199_133;
        Position origin = AnotherPosition(Base);
        await using LogSession session = await BeginAsync(origin);
        await session.AppendAsync(20, Cancel);
        await session.CheckAsync(Cancel);
        Assert.Equal([Base + 7, Base + 8], (await ReadRawAsync(session.Stored, Base + 7, Base + 8)).Select(static read => read.Number));
        Assert.Null(await session.Stored.ReadChainAsync(new EventNumber(Base + 7 - (1UL << 32)), Cancel)); // the same in 32 bits
        Assert.Empty(await ReadRawAsync(session.Stored, 1, Base + 20 - (1UL << 32)));
        StoreCapabilities can = session.Store.Capabilities;
        if (can.LargestEvent > can.LargestFragment)
        {
            StagedEvent staged = StagedEvent.Of(session, fragments: 3, seed: 12);
            Assert.IsType<WriteOutcome.Committed>(await session.Stored.StageAsync(staged.Stage(session.Term, 1, 2), Cancel));
            await AppendAsync(session, staged);
            await session.CheckAsync(Cancel);
        }
        await session.ReopenAsync(Cancel);
        session.Follow(await session.CampaignAsync(session.Lease, Cancel));
        await session.AppendAsync(1, Cancel);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.TrimAsync(session.Term, new EventNumber(Base + 11), Cancel));
        session.Payloads.RemoveRange(0, 10);
        await session.CheckAsync(Cancel);
        Assert.Equal(Base + 10, (await session.Stored.ReadStateAsync(Cancel)).Base.Number.Value);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task waiting = session.Stored.WaitPastAsync(session.Head.Number, limit.Token).AsTask();
        await session.AppendAsync(1, Cancel);
        await waiting;
    }

    private static async Task AppendAsync(LogSession session, StagedEvent staged)
    {
        Append append = staged.Append(session.Term);
        Assert.IsType<WriteOutcome.Committed>(await session.Stored.AppendAsync(append, Cancel));
        session.Head = append.Last;
        session.Payloads.Add(staged.Payload);
    }
}
