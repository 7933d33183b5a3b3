using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>Tests that share one Ceph, which takes seconds to start, and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class CephCollection : ICollectionFixture<CephCollection.Fixture>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "Ceph's gateway";

    /// <summary>Starts it before the first of them.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public CephGateway Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Gateway = await CephGateway.StartAsync(TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            if (Gateway is not null)
                await Gateway.DisposeAsync();
        }
    }
}
