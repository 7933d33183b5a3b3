using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Node.Links;

namespace Seguro.Node.Members;

/// <summary>What a member does to the cluster's log. Every failure of the store becomes an answer: it is normal that a database is away.</summary>
/// <remarks>Of each kind of call one at a time, as Core asks for them; different kinds overlap, so that the lease never waits for an append.</remarks>
sealed class SharedLog(MemberHostOptions options, Func<TimeSpan> now, StoreTrouble trouble)
{
    private const int SettingsAttempts = 3;
    private readonly EventLog _log = options.Store;
    private readonly Backoff _appending = new(options.Time);
    private readonly Backoff _settings = new(options.Time);
    private readonly Backoff _trimming = new(options.Time);

    private TimeSpan Duration => options.Member.LeaseDuration;

    public async Task<MemberInput> AppendAsync(MemberOutput.AppendStore append, CancellationToken cancel)
    {
        AppendResult result;
        try
        {
            result = await _log.AppendEventsAsync(append.Term, append.Previous, append.Events, cancel);
        }
        catch (SeguroException refused) when (refused.Code is ErrorCode.TooLarge)
        {
            trouble.Note("append to the store", refused);
            result = new AppendResult(new WriteOutcome.Refused($"{refused.Message} ({refused.CodeText}). {refused.NextStep}"), append.Previous);
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            result = new AppendResult(new WriteOutcome.Unknown(trouble.Note("append to the store", failed)), append.Previous);
        }
        if (result.Outcome is WriteOutcome.Unknown or WriteOutcome.Refused)
        {
            await _appending.WaitAsync(cancel);
            return new MemberInput.StoreAppended(result);
        }
        _appending.Reset();
        trouble.Clear();
        return new MemberInput.StoreAppended(result);
    }

    public async Task<MemberInput> CampaignAsync(MemberOutput.Campaign campaign, CancellationToken cancel)
    {
        TimeSpan sent = now();
        TimeSpan patience = Duration + Duration;
        LeaseOutcome outcome = await AskAsync(
            async token =>
            {
                // The head of a log that is being imported is not where its history ends: an event after it would fork the ship.
                IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await _log.Stored.ReadMetadataAsync(token);
                ImportMark.Require(_log.Ship, metadata);
                // Whoever changes the custody takes the lease first; so it is as it was read, or this campaign is lost.
                Custody.RequireCluster(_log.Ship, metadata, options.Identity);
                return await _log.Stored.CampaignAsync(campaign.Expected, campaign.Holder, campaign.Duration, token);
            },
            patience, "campaign", cancel);
        return new MemberInput.Campaigned(outcome, sent);
    }

    public async Task<MemberInput> RenewAsync(Lease held, CancellationToken cancel)
    {
        TimeSpan sent = now();
        LeaseOutcome outcome = await AskAsync(token => _log.Stored.RenewAsync(held, token), Duration, "renew the lease", cancel);
        return new MemberInput.Renewed(outcome, sent);
    }

    public async Task<MemberInput> ResignAsync(Lease held, CancellationToken cancel) =>
        new MemberInput.Resigned(await AskAsync(token => _log.Stored.ResignAsync(held, token), Duration, "free the lease", cancel));

    public async Task<MemberInput> ObserveAsync(CancellationToken cancel)
    {
        using Deadline deadline = new(options.Time, Duration, cancel);
        try
        {
            Lease seen = await _log.Stored.ObserveLeaseAsync(deadline.Token);
            trouble.Clear();
            return new MemberInput.LeaseObserved(seen);
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            trouble.Note("look at the lease", failed);
            return new MemberInput.LeaseObserved(null);
        }
    }

    /// <summary>Writes what differs, key by key, each compared and set; a plain read that was old shows as a conflict, and is read again.</summary>
    public async Task<MemberInput> WriteSettingsAsync(MemberOutput.WriteSettings write, CancellationToken cancel)
    {
        WriteOutcome outcome = new WriteOutcome.Unknown("not tried");
        try
        {
            for (int attempt = 0; attempt < SettingsAttempts; attempt++)
            {
                outcome = await WriteSettingsOnceAsync(write, cancel);
                if (outcome is not (WriteOutcome.Conflict or WriteOutcome.Unknown))
                    break;
            }
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            outcome = new WriteOutcome.Unknown(trouble.Note("write the cluster's settings", failed));
        }
        if (outcome is WriteOutcome.Committed)
            _settings.Reset();
        else
            await _settings.WaitAsync(cancel);
        return new MemberInput.SettingsWritten(outcome);
    }

    public async Task<MemberInput> TrimAsync(MemberOutput.Trim trim, CancellationToken cancel)
    {
        try
        {
            WriteOutcome outcome = await _log.Stored.TrimAsync(trim.Term, trim.First, cancel);
            _trimming.Reset();
            return new MemberInput.Trimmed(outcome);
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            string cause = trouble.Note("trim the store", failed);
            await _trimming.WaitAsync(cancel);
            return new MemberInput.Trimmed(new WriteOutcome.Unknown(cause));
        }
    }

    private async Task<WriteOutcome> WriteSettingsOnceAsync(MemberOutput.WriteSettings write, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> there = await _log.Stored.ReadMetadataAsync(cancel);
        IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> settings = ClusterSettingsCodec.Write(write.Settings);
        // From then on nobody serves this log who renews leases one by one.
        if (options.Member.LeasesByNode)
            settings = settings.Append(new(MetadataKey.Protocol, Encoding.ASCII.GetBytes(MemberVersion.OfNodes.Highest.ToString(CultureInfo.InvariantCulture))));
        foreach ((string key, ReadOnlyMemory<byte> setting) in settings)
        {
            ReadOnlyMemory<byte> value = key == MetadataKey.Custody ? new Custody(CustodyKind.Gated) { Store = options.Identity }.ToBytes() : setting;
            ReadOnlyMemory<byte>? current = there.TryGetValue(key, out ReadOnlyMemory<byte> found) ? found : (ReadOnlyMemory<byte>?)null;
            if (current is { } same && same.Span.SequenceEqual(value.Span))
                continue;
            WriteOutcome outcome = await _log.Stored.SetMetadataAsync(write.Term, key, current, value, cancel);
            if (outcome is not WriteOutcome.Committed)
                return outcome;
        }
        return WriteOutcome.Committed.Instance;
    }

    private async Task<LeaseOutcome> AskAsync(
        Func<CancellationToken, ValueTask<LeaseOutcome>> ask, TimeSpan patience, string what, CancellationToken cancel)
    {
        using Deadline deadline = new(options.Time, patience, cancel);
        try
        {
            LeaseOutcome outcome = await ask(deadline.Token);
            if (outcome is not LeaseOutcome.Unknown)
                trouble.Clear();
            return outcome;
        }
        catch (Exception failed) when (StoreTrouble.IsOne(failed))
        {
            return new LeaseOutcome.Unknown(trouble.Note(what, failed));
        }
    }
}
