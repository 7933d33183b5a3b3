using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Postgres;

/// <summary>Tests that share one cluster and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresHarness>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "a PostgreSQL cluster";
}
