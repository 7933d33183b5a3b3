using Seguro.Piers.LocalLogs;
using Seguro.Testing;

namespace Seguro.Tests.Piers.LocalLogs;

/// <summary>What goes aside is on the disk in one of its two places, whenever the power goes.</summary>
public sealed class QuarantineFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("quarantine");

    [Fact]
    public async Task What_is_moved_is_flushed_in_its_new_place_before_its_old_one_is()
    {
        string pier = Directory.CreateDirectory(_folder["member/pier"]).FullName;
        string[] files = [Path.Combine(pier, "one"), Path.Combine(pier, "two")];
        foreach (string file in files)
            File.WriteAllText(file, file);
        string quarantine = _folder["member/quarantine"];
        List<(string Folder, int There)> flushed = [];
        string target = await QuarantineFolder.MoveAllAsync(
            quarantine, DateTimeOffset.UnixEpoch, "case", ["a fact"], files, folder => flushed.Add((folder, files.Count(File.Exists))), TestContext.Current.CancellationToken);
        Assert.Equal(
            [(target, 2), (quarantine, 2), (_folder["member"], 2), (target, 1), (pier, 1), (target, 0), (pier, 0)],
            flushed);
        Assert.Equal(files[1], File.ReadAllText(Path.Combine(target, "two")));
    }

    public void Dispose() => _folder.Dispose();
}
