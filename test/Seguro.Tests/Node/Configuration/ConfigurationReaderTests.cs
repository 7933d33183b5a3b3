using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Stores;
using Seguro.Testing;

namespace Seguro.Tests.Node.Configuration;

public sealed class ConfigurationReaderTests
{
    private const string Small = """
        {
          // A comment.
          "ship": { "name": "~zod" },
          "member": { "name": "a", "folder": "data" },
          "members": {
            "b": { "links": "127.0.0.1:2", "dqlite": "127.0.0.1:12", "id": 1 },
            "a": { "links": "127.0.0.1:1", "dqlite": "127.0.0.1:11", "id": 2 },
          },
          "lease": "1500ms",
        }
        """;

    [Fact]
    public void Reads_a_file_with_comments_and_says_where_each_value_comes_from()
    {
        using TemporaryFolder folder = new();
        NodeConfiguration read = Read(folder, Small, "optimism=0", "maxUnreplicatedBytes=16MiB");
        Assert.Equal(Ship.Parse("~zod"), read.Ship);
        Assert.Equal(["b", "a"], read.Members.Select(static member => member.Name));
        Assert.Equal(new HostAddress("127.0.0.1", 11), read.Self.Dqlite);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), read.Lease);
        Assert.Equal(16L << 20, read.MaxUnreplicatedBytes);
        Assert.Equal(0, read.Optimism.Replicas);
        Assert.Equal(folder["data"], read.Folder);
        Assert.Equal(Path.Combine(folder["data"], "admin.sock"), read.AdminSocket);
        Assert.Equal("dqlite://127.0.0.1:12,127.0.0.1:11", read.StoreUrl);
        Assert.Contains(new EffectiveSetting("lease", "1500ms", folder["seguro.json"]), read.Effective);
        Assert.Contains(new EffectiveSetting("optimism", "0", "command line"), read.Effective);
        Assert.Contains(new EffectiveSetting("effects", "at-least-once", "default"), read.Effective);
    }

    [Fact]
    public void Shows_no_password()
    {
        using TemporaryFolder folder = new();
        NodeConfiguration read = Read(folder, Small, "store=postgresql://seguro:hunter2@db/ships");
        Assert.Equal("postgresql://seguro:hunter2@db/ships", read.Store);
        Assert.DoesNotContain(read.Effective, static setting => setting.Value.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_no_JSON_is_named_with_its_line()
    {
        using TemporaryFolder folder = new();
        SeguroException error = Assert.Throws<SeguroException>(() => Read(folder, "{\n  \"lease\": \"1s\",\n  \"optimism\": one\n}"));
        Assert.Contains("line 3, column 15", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_log_is_begun_unless_asked_for_by_name()
    {
        using TemporaryFolder folder = new();
        Assert.Equal("import", Read(folder, Small).Kernel);
        Assert.Equal("demo", Read(folder, Small, "ship:kernel=demo").Kernel);
        SeguroException real = Assert.Throws<SeguroException>(() => Read(folder, Small, "ship:kernel=demo", "ship:fake=false"));
        Assert.Contains("no keys of the real network", real.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite:log.db")]
    [InlineData("rocksdb:log")]
    [InlineData("lmdb:pier")]
    public void A_store_of_one_machine_is_refused_for_more_than_one_member(string store)
    {
        using TemporaryFolder folder = new();
        Assert.Equal(ErrorCode.UnsafeSettings, Assert.Throws<SeguroException>(() => Read(folder, Small, $"store={store}")).Code);
        Assert.Equal(store, Read(folder, Small, $"store={store}", "allowUnsafeSettings=true").Store);
    }

    [Fact]
    public void A_socket_whose_path_is_too_long_is_found_out_before_anything_happens()
    {
        using TemporaryFolder folder = new();
        SeguroException error = Assert.Throws<SeguroException>(() => Read(folder, Small, $"admin:socket=/tmp/{new string('s', 120)}"));
        Assert.Contains("admin:socket", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("optimsm=1", "optimism")]
    [InlineData("ship:nmae=~zod", "ship:name")]
    [InlineData("members:a:link=x", "members:a:links")]
    [InlineData("folder=x", "member:folder")]
    [InlineData("udp=127.0.0.1:1", "member:udp")]
    public void An_unknown_key_names_the_nearest_known_one(string setting, string nearest)
    {
        using TemporaryFolder folder = new();
        SeguroException error = Assert.Throws<SeguroException>(() => Read(folder, Small, setting));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        Assert.Contains($"'{nearest}'", error.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lease=1")]
    [InlineData("lease=-1s")]
    [InlineData("lease=1d")]
    [InlineData("lease=99h")]
    [InlineData("optimism=2")]
    [InlineData("optimism=-1")]
    [InlineData("onReplicaLoss=never")]
    [InlineData("maxUnreplicatedBytes=1XiB")]
    [InlineData("maxUnreplicatedBytes=99999999999999999999GiB")]
    [InlineData("ship:name=zo")]
    [InlineData("ship:kind=vere")]
    [InlineData("member:name=c")]
    [InlineData("member:name=A B")]
    [InlineData("member:udp=1.2.3.4")]
    [InlineData("members:a:id=1")]
    [InlineData("members:a:links=127.0.0.1:2")]
    [InlineData("members:a:dqlite=")]
    [InlineData("balancer:address=127.0.0.1:5")]
    [InlineData("admin:https=127.0.0.1:5")]
    [InlineData("store=mysql://x")]
    public void Refuses_a_value_that_can_not_be(string setting)
    {
        using TemporaryFolder folder = new();
        SeguroException error = Assert.Throws<SeguroException>(() => Read(folder, Small, setting));
        Assert.True(error.ExitCode is 2 or 3, error.CodeText);
        Assert.NotEmpty(error.NextStep);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"lease\":\"1s\",\"lease\":\"2s\"}")]
    [InlineData("{\"a\":\u0000}")]
    public void Refuses_what_is_no_configuration(string text)
    {
        using TemporaryFolder folder = new();
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => Read(folder, text)).Code);
    }

    [Fact]
    public void What_is_written_for_a_new_cluster_can_be_read()
    {
        using TemporaryFolder folder = new();
        ConfigurationWriter writer = new()
        {
            Cluster = "it's \"quoted\"",
            Ship = Ship.Parse("~sampel-palnet"),
            Kind = ShipKind.Opaque,
            Fake = false,
            Kernel = NodeConfiguration.Import,
            Members = [new MemberAddresses("a", new HostAddress("h", 1), new HostAddress("h", 2), 1), new MemberAddresses("b", new HostAddress("fd00::1", 1), new HostAddress("fd00::1", 2), 2)],
            Store = NodeConfiguration.EmbeddedStore,
            Optimism = 1,
            Balancer = new HostAddress("h", 3),
        };
        NodeConfiguration read = Read(folder, writer.Write("b", new HostAddress("fd00::1", 4)));
        Assert.Equal(writer.Cluster, read.Cluster);
        Assert.Equal(writer.Members, read.Members);
        Assert.Equal(writer.Balancer, read.Balancer);
        Assert.False(read.Fake);
        Assert.Equal(ShipKind.Opaque, read.ShipKind);
    }

    [Fact]
    public void Every_known_key_is_in_the_reference()
    {
        string reference = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "reference.md"));
        Assert.All(ConfigurationKey.All, key => Assert.Contains($"`{key.Name}`", reference, StringComparison.Ordinal));
    }

    private static NodeConfiguration Read(TemporaryFolder folder, string text, params string[] settings)
    {
        File.WriteAllText(folder["seguro.json"], text);
        return ConfigurationReader.Read(folder["seguro.json"], settings);
    }
}
