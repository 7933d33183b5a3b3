using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>The suite on a folder; a disk that is not mounted, and one that is full.</summary>
public sealed class FileTargetTests : HarborTargetSuite, IDisposable
{
    private readonly TemporaryFolder _folder = new("target");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_that_is_not_there_is_not_made()
    {
        await using IHarborTarget target = HarborTarget.Open($"file:{_folder["unmounted"]}");
        Assert.Equal(ErrorCode.HarborUnavailable, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/1", new MemoryStream([1]), Cancel))).Code);
        Assert.False(Directory.Exists(_folder["unmounted"]));
    }

    [Fact]
    public async Task A_full_disk_is_named_and_leaves_nothing()
    {
        using TemporaryDisk disk = new("harbor", 1);
        await using IHarborTarget target = HarborTarget.Open($"file:{disk.Path}");
        Assert.Equal(ErrorCode.DiskFull, (await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/1", new MemoryStream(new byte[4 << 20]), Cancel))).Code);
        Assert.Empty(Directory.EnumerateFiles(disk.Path, "*", SearchOption.AllDirectories));
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream(new byte[1000]), Cancel));
    }

    [Fact]
    public async Task What_it_makes_nobody_else_may_read()
    {
        await using IHarborTarget target = Open();
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        string[] made = [.. Directory.EnumerateFileSystemEntries(_folder.Path, "*", SearchOption.AllDirectories)];
        Assert.Equal(3, made.Length);
        Assert.All(made, static entry => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & Others));
    }

    [Fact]
    public Task Lists_100_000_objects() => AssertListsManyAsync(_folder.Path);

    protected override IHarborTarget Open() => HarborTarget.Open($"file:{_folder.Path}");
}
