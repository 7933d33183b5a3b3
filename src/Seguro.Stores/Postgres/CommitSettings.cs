using Npgsql;
using Seguro.Core;

namespace Seguro.Stores.Postgres;

/// <summary>What a commit is worth by the server's settings. They can be changed while it runs, and another server has its own.</summary>
/// <param name="IsDurable">A commit is on the primary's own disk: neither fsync nor full_page_writes is off.</param>
/// <param name="StandbyNames">The setting <c>synchronous_standby_names</c>.</param>
readonly record struct CommitSettings(bool IsDurable, string StandbyNames)
{
    /// <summary>The columns of a query that <see cref="Read"/> takes.</summary>
    public const string Columns =
        "current_setting('fsync', true) IS DISTINCT FROM 'off' AND current_setting('full_page_writes', true) IS DISTINCT FROM 'off', "
        + "coalesce(current_setting('synchronous_standby_names', true), '')";

    /// <summary>The standbys that a commit waits for; none where the setting is not understood.</summary>
    public SynchronousStandbys Standbys => SynchronousStandbys.Parse(StandbyNames) ?? SynchronousStandbys.None;

    /// <summary>How many copies of what was committed are on a disk.</summary>
    public int DurableCopies => (IsDurable ? 1 : 0) + Standbys.Needed;

    /// <summary>Reads the columns from <paramref name="column"/> on.</summary>
    public static CommitSettings Read(NpgsqlDataReader reader, int column) => new(reader.GetBoolean(column), reader.GetString(column + 1));

    /// <summary>What these settings lack of what was promised; <see langword="null"/>: nothing.</summary>
    /// <param name="promised">The copies that a commit had when the store was opened.</param>
    public CommitShortfall? Shortfall(int promised) => DurableCopies >= promised ? null : new CommitShortfall(
        DurableCopies,
        $"PostgreSQL's settings were changed: a commit is durable in {DurableCopies} cop{(DurableCopies == 1 ? "y" : "ies")} now, and was in {promised} when the store was opened "
            + $"({(IsDurable ? "" : "fsync or full_page_writes is off, ")}synchronous_standby_names = '{StandbyNames}').");
}
