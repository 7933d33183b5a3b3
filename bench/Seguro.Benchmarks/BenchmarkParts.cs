namespace Seguro.Benchmarks;

/// <summary>All parts of the benchmark, in the order in which they run.</summary>
internal static class BenchmarkParts
{
    // Some parts have works, which are chosen by their names too: what is costly to start serves all that are.
    private static readonly Choice[] All =
    [
        Choice.Of(new FloorsPart()),
        new("stores", [.. StoresPart.Works], static works => new StoresPart(works)),
        Choice.Of(new ImportPart()),
        Choice.Of(new MirrorPart()),
        Choice.Of(new VerePart()),
        Choice.Of(new HarborPart()),
        Choice.Of(new SdkPart()),
        Choice.Of(new BalancerPart()),
        Choice.Of(new NounPart()),
        new("cluster", [.. ClusterPart.Works], static works => new ClusterPart(works)),
        Choice.Of(new LengthPart()),
        Choice.Of(new MembersPart()),
        Choice.Of(new ShipsPart()),
        Choice.Of(new NodesPart()),
        Choice.Of(new DistancePart()),
    ];

    /// <summary>What may be chosen, each with a line about it.</summary>
    public static IEnumerable<(string Name, string Description)> Choices => All.SelectMany(static choice => choice.Names);

    /// <summary>The parts of these names; all of them where there are none.</summary>
    public static IReadOnlyList<IBenchmarkPart> Choose(IReadOnlyCollection<string> names) =>
        [.. All.Select(choice => choice.Take(names)).OfType<IBenchmarkPart>()];

    /// <summary>What <c>./seguro bench</c> must see to before these parts can run: <c>postgresql</c>, <c>etcd</c>, <c>go</c>, <c>node</c>, <c>native</c>.</summary>
    public static IEnumerable<string> NeedsOf(IReadOnlyCollection<string> names, IReadOnlyCollection<string> stores)
    {
        string[] parts = [.. Choose(names).Select(static part => part.Name)];
        bool needsStores = !parts.All(static part => part is "floors" or "vere" or "balancer" or "nouns" or "harbor" or "sdk" or "nodes");
        if (needsStores && stores.Contains("postgresql"))
            yield return "postgresql";
        if (needsStores && stores.Contains("etcd"))
            yield return "etcd";
        if (parts.Contains("stores") && stores.Contains("dqlite"))
            yield return "go";
        if (parts.Contains("nouns"))
            yield return "node";
        if (parts.Contains("sdk"))
            yield return "native";
    }

    private sealed record Choice(string Name, (string Name, string Description)[] Works, Func<IReadOnlyCollection<string>, IBenchmarkPart> Make)
    {
        public IEnumerable<(string Name, string Description)> Names => [(Name, Make(WorkNames).Description), .. Works];

        private string[] WorkNames => [.. Works.Select(static work => work.Name)];

        public static Choice Of(IBenchmarkPart part) => new(part.Name, [], _ => part);

        public IBenchmarkPart? Take(IReadOnlyCollection<string> names)
        {
            string[] works = names.Count == 0 || names.Contains(Name) ? WorkNames : [.. WorkNames.Where(names.Contains)];
            return works.Length > 0 || (Works.Length == 0 && (names.Count == 0 || names.Contains(Name))) ? Make(works) : null;
        }
    }
}
