using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Conformance;

/// <summary>The model with numbers so small that everything is cut, staged and soon full: the rest of the suite can be passed too.</summary>
public sealed class TinyModelStoreTests(TinyModelStoreTests.TinyModelHarness harness)
    : ServerConformanceSuite(harness), IClassFixture<TinyModelStoreTests.TinyModelHarness>
{
    protected override int ManyEvents => 2000;

    protected override int ModelSequences => 300;

    public sealed class TinyModelHarness() : ModelHarness(new ModelOptions
    {
        LargestFragment = 100,
        LargestTransaction = 350,
        LargestGroup = 5,
        LargestEvent = 20_000,
        Window = 2_000_000,
        DurableCopies = 3,
    });
}
