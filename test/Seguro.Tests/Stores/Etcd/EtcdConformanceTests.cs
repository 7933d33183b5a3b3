using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Etcd;

/// <summary>The conformance suite against three real members.</summary>
public sealed class EtcdConformanceTests(EtcdHarness harness) : ServerConformanceSuite(harness), IClassFixture<EtcdHarness>;
