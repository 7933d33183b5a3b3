using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>A store with the ship's log, and all that happened in it. The members share one; only a member whose configuration names another store has its own.</summary>
internal sealed class SimulatedLog : IDisposable
{
    private const string OptimismKey = "optimism";
    private const string MembersKey = "members";
    private const string ReleasedKey = "released";
    private const string AcceptedKey = "accepted";

    private readonly SimulatedCluster _cluster;

    public SimulatedLog(SimulatedCluster cluster, int place, string name)
    {
        _cluster = cluster;
        History = new ClusterHistory(cluster.Plan);
        Store = new SimulatedStore(cluster.Plan, cluster.Schedule, cluster.Network, History, place, name) { Weather = cluster.Fleet?.Weather ?? new StoreWeather() };
        Harbors = cluster.Plan.Harbors > 0 ? new SimulatedHarbors(cluster.Plan, cluster.Schedule, name) : null;
    }

    public SimulatedStore Store { get; }

    public ClusterHistory History { get; }

    /// <summary>Where its masters back it up; <see langword="null"/> where they do not.</summary>
    public SimulatedHarbors? Harbors { get; }

    /// <summary>The store was asked to forget what is below this event; it may be about to.</summary>
    public EventNumber TrimmedBelow { get; set; }

    /// <summary>The optimism that the store has.</summary>
    public Optimism? StoredOptimism =>
        Store.Log.Metadata.TryGetValue(OptimismKey, out byte[]? bytes) && Optimism.TryParse(bytes, out Optimism optimism) ? optimism : null;

    /// <summary>The members that the store has.</summary>
    public IReadOnlyList<string>? StoredMembers =>
        Store.Log.Metadata.TryGetValue(MembersKey, out byte[]? bytes) ? Encoding.ASCII.GetString(bytes).Split(' ') : null;

    /// <summary>The settings that the store has.</summary>
    public ClusterSettings StoredSettings => new(
        StoredOptimism,
        StoredMembers,
        Store.Log.Metadata.TryGetValue(ReleasedKey, out byte[]? bytes)
            ? new EventNumber(ulong.Parse(Encoding.ASCII.GetString(bytes), CultureInfo.InvariantCulture))
            : EventNumber.None,
        Store.Log.Metadata.TryGetValue(AcceptedKey, out byte[]? accepted) ? new Term(ulong.Parse(Encoding.ASCII.GetString(accepted), CultureInfo.InvariantCulture)) : Term.None,
        Store.Log.Metadata.TryGetValue(MetadataKey.History, out byte[]? history) ? new EventNumber(ulong.Parse(Encoding.ASCII.GetString(history), CultureInfo.InvariantCulture)) : null);

    /// <summary>Who belongs to the cluster now, as this store has it.</summary>
    public IReadOnlyList<string> CurrentMembers => StoredMembers ?? _cluster.FirstMembers;

    /// <summary>What writing these settings changes, and what is expected to be there.</summary>
    public SortedDictionary<string, (byte[]? Expected, byte[] Value)> ChangesTo(ClusterSettings settings)
    {
        SortedDictionary<string, (byte[]? Expected, byte[] Value)> changes = new(StringComparer.Ordinal);
        void Add(string key, byte[] value) => changes.Add(key, (Store.Log.Metadata.GetValueOrDefault(key), value));
        if (settings.Members is { } members)
            Add(MembersKey, Encoding.ASCII.GetBytes(string.Join(' ', members)));
        if (settings.Optimism is { } optimism)
            Add(OptimismKey, optimism.ToBytes());
        if (settings.History is { } history)
            Add(MetadataKey.History, Encoding.ASCII.GetBytes(history.ToString()));
        if (settings.Accepted != Term.None)
            Add(AcceptedKey, Encoding.ASCII.GetBytes(settings.Accepted.ToString()));
        Add(ReleasedKey, Encoding.ASCII.GetBytes(settings.Released.ToString()));
        return changes;
    }

    /// <inheritdoc/>
    public void Dispose() => History.Dispose();
}
