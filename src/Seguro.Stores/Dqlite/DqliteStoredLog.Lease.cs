using Seguro.Core;

namespace Seguro.Stores.Dqlite;

sealed partial class DqliteStoredLog
{
    /// <inheritdoc/>
    public async ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        LeaseRules.CheckCandidate(candidate, duration);
        DqliteValue[] parameters =
        [
            // No name at all matches nothing, as the rule says.
            keys.Log, Word(expected.Term.Value), expected.Holder is { } holder ? holder : DqliteValue.Null, Word(expected.Renewals), expected.Duration.Ticks,
            Word(expected.Term.Next.Value), candidate, duration.Ticks,
        ];
        Lease won = new(expected.Term.Next, candidate, 0, duration);
        LeaseOutcome outcome = await ChangeLeaseAsync(
            DqliteSql.Campaign, parameters, won, current => LeaseRules.Campaign(current, expected, candidate, duration), expected, cancel);
        // The repeat of a campaign that was won, and written under: what lies there now is its own.
        if (outcome is not LeaseOutcome.Done done || _staging.HasStaged(done.Lease.Term))
            return outcome;
        return await DropStagedAsync(done.Lease.Term, cancel) is { } failure ? new LeaseOutcome.Unknown(failure) : outcome;
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(
        DqliteSql.Renew, [keys.Log, Word(held.Term.Value), held.Holder ?? ""], null, current => LeaseRules.Renew(current, held), null, cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(
        DqliteSql.Resign, [keys.Log, Word(held.Term.Value), held.Holder ?? ""], null, current => LeaseRules.Resign(current, held), null, cancel);

    /// <summary>Changes the lease by a statement; where that changed nothing, a confirmed state says by the rule why.</summary>
    /// <param name="sql">The conditional statement.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="done">The lease after it; <see langword="null"/>: to be read.</param>
    /// <param name="rule">The rule that the statement is to keep.</param>
    /// <param name="again">The lease on which the rule says that the statement should have succeeded; <see langword="null"/>: whenever the rule says yes and changes it.</param>
    /// <param name="cancel">Ends it.</param>
    private async ValueTask<LeaseOutcome> ChangeLeaseAsync(
        string sql, DqliteValue[] parameters, Lease? done, Func<Lease, (Lease Lease, bool Yes)> rule, Lease? again, CancellationToken cancel)
    {
        try
        {
            for (int i = 0; i < Tries; i++)
            {
                LeaseOutcome? outcome = await client.WriteAsync<LeaseOutcome?>(
                    async (session, token) =>
                    {
                        DqliteResult result = await session.ExecAsync(sql, parameters, token);
                        if (result.Rows > 0 && done is { } lease)
                            return new LeaseOutcome.Done(lease);
                        // Reading what was just committed needs no second write: this node has it.
                        Lease current = result.Rows > 0
                            ? await ReadLeaseAsync(session, token)
                            : (await ConfirmedStateAsync(session, token)).Lease;
                        if (result.Rows > 0)
                            return new LeaseOutcome.Done(current);
                        (Lease after, bool yes) = rule(current);
                        if (!yes)
                            return new LeaseOutcome.Lost(current);
                        bool tryAgain = again is null ? after != current : again == current;
                        return tryAgain ? null : new LeaseOutcome.Done(after);
                    },
                    cancel);
                if (outcome is not null)
                    return outcome;
            }
            return new LeaseOutcome.Unknown($"others came between {Tries} times");
        }
        catch (UnknownOutcomeException unknown)
        {
            return new LeaseOutcome.Unknown(unknown.Message);
        }
    }

    private async ValueTask<Lease> ReadLeaseAsync(DqliteSession session, CancellationToken cancel)
    {
        using DqliteRows rows = await session.QueryAsync(DqliteSql.Lease, [keys.Log], cancel);
        return rows.Read() ? ReadLease(rows, 0) : Lease.None;
    }

    /// <summary>Removes, in small steps, what earlier terms staged above the head; says what went wrong.</summary>
    private async ValueTask<string?> DropStagedAsync(Term term, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                DqliteResult step = await client.WriteAsync(
                    (session, token) => session.ExecAsync(DqliteSql.DropStaged, [keys.Log, Word(term.Value)], token), cancel);
                if (step.Rows == 0)
                    return null;
            }
        }
        catch (UnknownOutcomeException unknown)
        {
            return unknown.Message;
        }
        catch (SeguroException error) when (error.Code == ErrorCode.StoreUnavailable)
        {
            return error.Message;
        }
    }
}
