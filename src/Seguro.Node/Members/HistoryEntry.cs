namespace Seguro.Node.Members;

/// <summary>Something that changed in the cluster, as one member saw it.</summary>
/// <param name="Time">When it saw that, by its machine's clock.</param>
/// <param name="Term">The term then.</param>
/// <param name="Master">Who was master then; empty where nobody was known to be.</param>
/// <param name="What">A full sentence.</param>
public sealed record HistoryEntry(DateTimeOffset Time, ulong Term, string Master, string What);
