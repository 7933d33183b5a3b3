using Seguro.Nock;
using Seguro.Nouns;
using Seguro.Testing;

namespace Seguro.Tests.Nock;

/// <summary>The state of a real ship after event 599, as vere exported it.</summary>
static class Ship599
{
    private static readonly Lazy<Noun> State = new(() => Cue.From(File.ReadAllBytes(Path.Combine(SharedData.Path, "zod/.urb/roc/599.jam"))));

    public static ArvoKernel Restore(NockOptions? options = null) => ArvoKernel.Restore(new NockMachine(options), State.Value);
}
