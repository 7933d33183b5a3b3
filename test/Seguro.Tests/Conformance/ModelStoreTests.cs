using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Conformance;

/// <summary>The model passes its own suite: what the suite asks for can be done.</summary>
public sealed class ModelStoreTests(ModelHarness harness) : ServerConformanceSuite(harness), IClassFixture<ModelHarness>;
