using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Testing;

namespace Seguro.Tests.Node.Configuration;

/// <summary>What the environment says of a configuration. By itself: a process has one environment, and other tests read it.</summary>
[Collection(Name)]
public sealed class EnvironmentTests
{
    /// <summary>Of the collection.</summary>
    public const string Name = "the environment";

    [Fact]
    public void The_environment_has_a_prefix_of_its_own()
    {
        using TemporaryFolder folder = new();
        // As Kubernetes makes for a service of the name seguro, and as a shell that works with stores has.
        Assert.Equal(NodeConfiguration.EmbeddedStore, With("SEGURO_SERVICE_HOST", "10.0.0.1", () => Read(folder)).Store);
        Assert.Equal(NodeConfiguration.EmbeddedStore, With("SEGURO_STORE", "sqlite:other.db", () => Read(folder)).Store);
        Assert.Equal(TimeSpan.FromSeconds(7), With("SEGURO_SET_lease", "7s", () => Read(folder)).Lease);
        Assert.Equal(7, With("SEGURO_SET_members__a__links", "127.0.0.1:7", () => Read(folder)).Self.Links.Port);
        Assert.Contains("SEGURO_SET_LEASE", Assert.Throws<SeguroException>(() => With("SEGURO_LEASE", "7s", () => Read(folder))).NextStep, StringComparison.Ordinal);
        Assert.Throws<SeguroException>(() => With("SEGURO_SET_laese", "7s", () => Read(folder)));
    }

    private static T With<T>(string variable, string value, Func<T> read)
    {
        Environment.SetEnvironmentVariable(variable, value);
        try
        {
            return read();
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
        }
    }

    private static NodeConfiguration Read(TemporaryFolder folder)
    {
        File.WriteAllText(folder["seguro.json"], """{ "ship": { "name": "~zod" }, "member": { "name": "a" }, "members": { "a": { "links": "127.0.0.1:1", "dqlite": "127.0.0.1:11", "id": 1 } } }""");
        return ConfigurationReader.Read(folder["seguro.json"], ["optimism=0"]);
    }
}

/// <summary>Runs when nothing else does.</summary>
[CollectionDefinition(EnvironmentTests.Name, DisableParallelization = true)]
public sealed class EnvironmentAlone;
