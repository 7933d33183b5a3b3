using Seguro.Core;
using Seguro.Node.Access;
using Seguro.Testing;

namespace Seguro.Tests.Node.Access;

/// <summary>What says who left must not be changed by a disk in silence.</summary>
public sealed class AccessFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("access");

    private string FilePath => Path.Combine(_folder.Path, AccessFile.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_written_is_read()
    {
        Assert.Null(AccessFile.Read(_folder.Path, "tëst"));
        new AccessFile { Cluster = "tëst", Members = ["m1"], Left = ["m2", "m3"] }.Write(_folder.Path);
        AccessFile read = AccessFile.Read(_folder.Path, "tëst")!;
        Assert.Equal(["m1"], read.Members);
        Assert.Equal(["m2", "m3"], read.Left);
        Assert.Equal(ErrorCode.ForeignDatabase, Assert.Throws<SeguroException>(() => AccessFile.Read(_folder.Path, "other")).Code);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("torn")]
    [InlineData("empty")]
    [InlineData("zeroed")]
    [InlineData("unsealed")]
    public void Damage_is_found(string damage)
    {
        new AccessFile { Cluster = "test", Members = ["m1"], Left = ["m2"] }.Write(_folder.Path);
        string text = File.ReadAllText(FilePath);
        File.WriteAllText(FilePath, damage switch
        {
            "changed" => text.Replace("m2", "m3", StringComparison.Ordinal), // still JSON, with names that are some
            "torn" => text[..(text.Length / 2)],
            "empty" => "",
            "zeroed" => new string('\0', text.Length),
            _ => text[..(text.IndexOf('\n', StringComparison.Ordinal) + 1)],
        });
        SeguroException error = Assert.Throws<SeguroException>(() => AccessFile.Read(_folder.Path, "test"));
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.NextStep);
    }

    [Fact]
    public void A_file_of_an_older_version_is_taken()
    {
        File.WriteAllText(FilePath, "{\n  \"format\": 1,\n  \"cluster\": \"test\",\n  \"members\": [\n    \"m1\"\n  ],\n  \"left\": [\n    \"m2\"\n  ]\n}");
        Assert.Equal(["m2"], AccessFile.Read(_folder.Path, "test")!.Left);
    }
}
