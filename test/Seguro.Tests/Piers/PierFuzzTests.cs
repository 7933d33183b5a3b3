using CsCheck;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Piers;

/// <summary>A short session of <c>eng/fuzz.sh pier</c>, not led by coverage.</summary>
public sealed class PierFuzzTests : IDisposable
{
    private readonly PierFuzz _fuzz = new();

    [Fact]
    public void Changed_pages_are_found_or_harmless() =>
        Gen.Select(Gen.Int[0, PierFuzz.Seeds.Count - 1], Gen.Byte.Array[0, 60]).Sample(
            (seed, more) => _fuzz.Check([.. PierFuzz.Seeds[seed], .. more]),
            iter: 1500,
            threads: 1);

    public void Dispose() => _fuzz.Dispose();
}
