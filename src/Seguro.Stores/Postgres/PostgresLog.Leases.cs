using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

sealed partial class PostgresLog
{
    private const int LeaseColumns = 4;

    /// <inheritdoc/>
    public async ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => await _source.ReadAsync(
        async (connection, token) =>
        {
            await using NpgsqlCommand command = new(Statements.ObserveLease, connection);
            command.Add(_id);
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
            return await reader.ReadAsync(token) ? ReadLease(reader, 0) : throw Gone();
        },
        cancel);

    /// <inheritdoc/>
    public async ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel)
    {
        LeaseRules.CheckCandidate(candidate, duration);
        LeaseOutcome outcome = await ChangeLeaseAsync(
            Statements.Campaign,
            command =>
            {
                command.Add((long)expected.Term.Value);
                command.Add(expected.Holder ?? "");
                command.Add((long)expected.Renewals);
                command.Add(expected.Duration.Ticks);
                command.Add(candidate);
                command.Add(duration.Ticks);
            },
            current => current == expected ? null : LeaseRules.Campaign(current, expected, candidate, duration),
            cancel);
        if (outcome is LeaseOutcome.Done won)
            await ClearTheWayAsync(won.Lease, cancel);
        return outcome;
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> RenewAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(
        Statements.Renew,
        command => AddHolder(command, held),
        current => LeaseRules.Renew(current, held) is (var lease, false) ? (lease, false) : null,
        cancel);

    /// <inheritdoc/>
    public ValueTask<LeaseOutcome> ResignAsync(Lease held, CancellationToken cancel) => ChangeLeaseAsync(
        Statements.Resign,
        command => AddHolder(command, held),
        current => current.Holder.Length > 0 && current.Term == held.Term && current.Holder == held.Holder ? null : LeaseRules.Resign(current, held),
        cancel);

    private static void AddHolder(NpgsqlCommand command, Lease held)
    {
        command.Add((long)held.Term.Value);
        command.Add(held.Holder ?? "");
    }

    /// <summary>
    /// Changes the lease by a conditional statement; where it changed nothing, a barrier gives the lease in force.
    /// <paramref name="decide"/> is then asked, and says <see langword="null"/> where the change would be allowed now.
    /// </summary>
    private async ValueTask<LeaseOutcome> ChangeLeaseAsync(
        string statement, Action<NpgsqlCommand> parameters, Func<Lease, (Lease Lease, bool Done)?> decide, CancellationToken cancel)
    {
        for (int i = 0; i < Tries; i++)
        {
            WriteLane.Answer<LeaseOutcome.Done?> changed = await _leases.RunAsync(
                async (connection, seconds, token) =>
                {
                    await using NpgsqlCommand command = new(statement, connection) { CommandTimeout = seconds };
                    command.Add(_id);
                    parameters(command);
                    await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(token);
                    LeaseOutcome.Done? done = await reader.ReadAsync(token)
                        ? new LeaseOutcome.Done(ReadLease(reader, 0)) { Shortfall = CommitSettings.Read(reader, LeaseColumns).Shortfall(_promisedCopies) }
                        : null;
                    await reader.NextResultAsync(token);
                    return done;
                },
                0,
                cancel);
            if (changed.Doubt is { } doubt)
                return new LeaseOutcome.Unknown(doubt);
            if (changed.Value is { } done)
                return done;
            WriteLane.Answer<LogState> state = await _leases.RunAsync(BarrierAsync, 0, cancel);
            if (state.Doubt is { } unclear)
                return new LeaseOutcome.Unknown(unclear);
            if (decide(state.Value.Lease) is { } decision)
                return decision.Done ? new LeaseOutcome.Done(decision.Lease) : new LeaseOutcome.Lost(decision.Lease);
        }
        return new LeaseOutcome.Unknown("the lease kept changing");
    }

    /// <summary>
    /// Ends what earlier masters left: a bulk append whose client is frozen (its uncommitted rows would make ours wait), and staged fragments.
    /// Neither is a matter of safety, so a failure here (a role that may not signal, a lost connection) does not undo the victory.
    /// </summary>
    private async ValueTask ClearTheWayAsync(Lease won, CancellationToken cancel)
    {
        try
        {
            await _leases.RunAsync(
                async (connection, seconds, token) =>
                {
                    await using (NpgsqlCommand end = new(Statements.EndBulk, connection) { CommandTimeout = seconds })
                    {
                        end.Add(_id);
                        await end.ExecuteNonQueryAsync(token);
                    }
                    await using NpgsqlCommand remove = new(Statements.RemoveStaged, connection) { CommandTimeout = seconds };
                    remove.Add(_id);
                    remove.Add((long)won.Term.Value);
                    return await remove.ExecuteNonQueryAsync(token);
                },
                0,
                cancel);
        }
        catch (SeguroException)
        {
            // See above.
        }
    }

    private Lease ReadLease(NpgsqlDataReader reader, int column)
    {
        long ticks = reader.GetInt64(column + 3);
        if (ticks < 0)
            throw Corrupt("its lease has a negative duration");
        return new Lease(
            new Term((ulong)reader.GetInt64(column)), reader.GetString(column + 1), (ulong)reader.GetInt64(column + 2), TimeSpan.FromTicks(ticks));
    }
}
