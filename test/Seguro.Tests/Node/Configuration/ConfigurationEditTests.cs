using System.Text;
using System.Text.Json;
using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Node.Startup;
using Seguro.Testing;

namespace Seguro.Tests.Node.Configuration;

public sealed class ConfigurationEditTests
{
    private const string Written = """
        {
          // A comment that stays.
          "cluster": "harbour", /* and this one */
          "ship": { "name": "~zod" },
          "member": { "name": "b", "folder": "data" },
          "members": {
            "a": { "links": "10.0.0.1:7500", "dqlite": "10.0.0.1:7501", "id": 1 },
            "b": { "links": "10.0.0.2:7500", "DQLITE": "10.0.0.2:7501", "id": 4 },
          },
        }
        """;

    [Fact]
    public void Values_are_changed_where_they_stand_and_all_else_stays()
    {
        string changed = Apply(Written, ("members:a:id", "5"), ("members:b:dqlite", "10.0.0.2:7502"));
        Assert.Equal(Written.Replace("\"id\": 1", "\"id\": 5", StringComparison.Ordinal).Replace("\"DQLITE\": \"10.0.0.2:7501\"", "\"DQLITE\": \"10.0.0.2:7502\"", StringComparison.Ordinal), changed);
    }

    [Fact]
    public void What_is_not_there_is_added_and_read_again()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["seguro.json"], Apply("\uFEFF" + Written, ("database", "harbour-2 \"x\"")));
        Assert.Equal("harbour-2 \"x\"", ConfigurationReader.Read(folder["seguro.json"], []).Database);
        Assert.ThrowsAny<JsonException>(static () => Apply("{ \"cluster\": ", ("cluster", "x")));
    }

    [Fact]
    public void A_recovered_cluster_has_no_name_address_or_number_that_its_dead_one_could_meddle_with()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["seguro.json"], Written);
        NodeConfiguration old = ConfigurationReader.Read(folder["seguro.json"], []);
        Assert.True(ClusterRecovery.NeedsOtherSettings(old));
        RecoveredSettings.Write(folder["recovered.json"], RecoveredSettings.Make(old));
        NodeConfiguration now = RecoveredSettings.Apply(folder["seguro.json"], RecoveredSettings.Read(folder["recovered.json"]), []);
        Assert.Equal("harbour-2", now.Database);
        Assert.Equal([("b", 1UL, "10.0.0.2:7502"), ("a", 5UL, "10.0.0.1:7502")], now.Members.Select(static member => (member.Name, member.Id, member.Dqlite.ToString()!)));
        Assert.Equal("harbour-3", RecoveredSettings.Make(now)["database"]);
        Assert.Equal(RecoveredSettings.Of(now).OrderBy(static pair => pair.Key), RecoveredSettings.Read(folder["recovered.json"]).OrderBy(static pair => pair.Key));
    }

    [Fact]
    public void What_goes_before_the_file_and_says_otherwise_is_named()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["seguro.json"], Written);
        IReadOnlyDictionary<string, string> settings = RecoveredSettings.Make(ConfigurationReader.Read(folder["seguro.json"], []));
        SeguroException refused = Assert.Throws<SeguroException>(() => RecoveredSettings.Apply(folder["seguro.json"], settings, ["database=mine"]));
        Assert.Contains("database is mine", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "database": "x", "store": "sqlite:/etc/passwd" }""")]
    [InlineData("""{ "members:a:links": "10.0.0.9:1" }""")]
    [InlineData("""{ "database": {} }""")]
    [InlineData("[]")]
    [InlineData("")]
    public void A_file_from_another_machine_changes_nothing_but_what_a_recovery_does(string text)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["recovered.json"], text);
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(() => RecoveredSettings.Read(folder["recovered.json"])).Code);
    }

    private static string Apply(string text, params (string Key, string Value)[] values) =>
        Encoding.UTF8.GetString(ConfigurationEdit.Apply(Encoding.UTF8.GetBytes(text), values.ToDictionary(static value => value.Key, static value => value.Value)));
}
