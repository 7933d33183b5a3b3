namespace Seguro.Urbit.Nock;

/// <summary>All jets by the label that <c>%fast</c> gives their gates.</summary>
static class JetLibrary
{
    public static IReadOnlyDictionary<string, Jet> All { get; } = new Dictionary<string, Jet>();
}
