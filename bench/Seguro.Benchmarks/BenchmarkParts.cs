namespace Seguro.Benchmarks;

/// <summary>All parts of the benchmark, in the order in which they run.</summary>
internal static class BenchmarkParts
{
    private const string Cluster = "cluster";

    // A cluster's works are chosen by their names too: one cluster serves all that are.
    private static readonly IBenchmarkPart[] All =
    [
        new ImportPart(),
        new BalancerPart(),
        new NounPart(),
        new ClusterPart([.. ClusterPart.Works.Select(static work => work.Name)]),
        new LengthPart(),
        new MembersPart(),
        new ShipsPart(),
        new DistancePart(),
    ];

    /// <summary>What may be chosen, each with a line about it.</summary>
    public static IEnumerable<(string Name, string Description)> Choices =>
        [.. All.Select(static part => (part.Name, part.Description)), .. ClusterPart.Works.Select(static work => (work.Name, work.Description))];

    /// <summary>The parts of these names; all of them where there are none.</summary>
    public static IReadOnlyList<IBenchmarkPart> Choose(IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return All;
        string[] works = [.. ClusterPart.Works.Select(static work => work.Name).Where(names.Contains)];
        return
        [
            .. All.Where(part => names.Contains(part.Name)),
            .. works.Length > 0 && !names.Contains(Cluster) ? (IBenchmarkPart[])[new ClusterPart(works)] : [],
        ];
    }

    /// <summary>What <c>./seguro bench</c> must see to before these parts can run: <c>postgresql</c>, <c>etcd</c>, <c>go</c>, <c>node</c>.</summary>
    public static IEnumerable<string> NeedsOf(IReadOnlyCollection<string> names, IReadOnlyCollection<string> stores)
    {
        string[] parts = [.. Choose(names).Select(static part => part.Name)];
        bool needsStores = !parts.All(static part => part is "floors" or "balancer" or "nouns");
        if (needsStores && stores.Contains("postgresql"))
            yield return "postgresql";
        if (needsStores && stores.Contains("etcd"))
            yield return "etcd";
        if (stores.Contains("dqlite") && parts.Any(static part => part is "append" or "prototype"))
            yield return "go";
        if (parts.Contains("nouns"))
            yield return "node";
    }
}
