using System.Buffers.Binary;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>A real node's small files, emptied, torn, zeroed, changed, taken back: the node must not come back as if it had never voted, nor without what it acknowledged.</summary>
public sealed class NodeRecordTests : IDisposable
{
    private const int Looks = 3000;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new("node-record");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DqliteNodeOptions Options => field ??= new DqliteNodeOptions
    {
        Folder = _folder["node"],
        Id = 1,
        Address = new HostAddress("127.0.0.1", FreePort.Next()),
        Bootstrap = true,
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("empty")]
    [InlineData("torn")]
    [InlineData("zeroed")]
    [InlineData("gone")]
    [InlineData("term")]
    [InlineData("lower term")]
    [InlineData("vote")]
    [InlineData("version")]
    public async Task A_vote_that_is_not_what_it_was_is_refused(string damage)
    {
        await WriteAsync(4);
        await UntilRecordedAsync(static record => record.Vote is not null);
        string path = Path.Combine(Options.Folder, "metadata1");
        byte[] bytes = await File.ReadAllBytesAsync(path, Cancel);
        switch (damage)
        {
            case "empty":
                bytes = [];
                break;
            case "torn":
                bytes = bytes[..20];
                break;
            case "zeroed":
                bytes = new byte[bytes.Length];
                break;
            case "gone":
                File.Delete(path);
                bytes = [];
                break;
            case "term":
                bytes[16] ^= 0x40;
                break;
            case "lower term":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), 0);
                break;
            case "vote":
                bytes[24] ^= 2;
                break;
            default:
                bytes[8] ^= 4;
                break;
        }
        if (damage != "gone")
            await File.WriteAllBytesAsync(path, bytes, Cancel);
        await RefusedAsync("vote");
    }

    [Theory]
    [InlineData("term")]
    [InlineData("gone")]
    public async Task Without_Seguros_own_record_a_vote_below_the_log_or_without_a_file_is_refused(string damage)
    {
        await WriteAsync(4);
        File.Delete(Path.Combine(Options.Folder, NodeRecord.File));
        string path = Path.Combine(Options.Folder, "metadata1");
        if (damage == "gone")
        {
            File.Delete(path);
        }
        else
        {
            byte[] bytes = await File.ReadAllBytesAsync(path, Cancel);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), 0);
            await File.WriteAllBytesAsync(path, bytes, Cancel);
        }
        await RefusedAsync("vote");
    }

    [Fact]
    public async Task A_node_of_an_older_Seguro_without_a_record_starts_and_gets_one()
    {
        await WriteAsync(4);
        File.Delete(Path.Combine(Options.Folder, NodeRecord.File));
        await (await StartAsync()).DisposeAsync();
        Assert.True(NodeRecord.Read(Options.Folder) is { Vote: not null, End: not null });
    }

    [Fact]
    public async Task An_older_copy_of_the_folder_but_for_the_record_is_refused()
    {
        await WriteAsync(4);
        string copy = _folder["copy"];
        Copy(Options.Folder, copy);
        RaftEnd before = NodeRecord.Read(Options.Folder)!.Value.End!.Value;
        await WriteAsync(4);
        await UntilRecordedAsync(record => record.End > before);
        string record = await File.ReadAllTextAsync(Path.Combine(Options.Folder, NodeRecord.File), Cancel);
        Directory.Delete(Options.Folder, recursive: true);
        Copy(copy, Options.Folder);
        await File.WriteAllTextAsync(Path.Combine(Options.Folder, NodeRecord.File), record, Cancel);
        await RefusedAsync("ends with");
    }

    [Fact]
    public async Task A_last_segment_that_is_gone_is_noticed()
    {
        await WriteAsync(20);
        await UntilRecordedAsync(static record => record.End is { Index: > 15 });
        string last = Directory.EnumerateFiles(Options.Folder)
            .Where(static path => RaftSegment.IsSegment(Path.GetFileName(path)) && RaftSegment.HasEntries(path))
            .MaxBy(static path => (Path.GetFileName(path).StartsWith("open", StringComparison.Ordinal), Path.GetFileName(path)))!;
        File.Delete(last);
        await RefusedAsync("ends with");
    }

    [Fact]
    public async Task A_segment_that_is_missing_between_others_is_noticed()
    {
        await WriteAsync(4);
        File.Delete(Path.Combine(Options.Folder, "0000000000000001-0000000000000001"));
        await WriteClosedAsync();
        await RefusedAsync("lacks a part");
    }

    [Fact]
    public async Task Data_that_dqlite_can_not_read_is_a_lost_disk_and_not_a_full_one()
    {
        await WriteAsync(4);
        foreach (string name in (string[])["snapshot-1-2-1700000000", "snapshot-1-2-1700000000.meta"])
            await File.WriteAllBytesAsync(Path.Combine(Options.Folder, name), [.. Enumerable.Range(0, 100).Select(static i => (byte)i)], Cancel);
        await RefusedAsync("can't read the node's data");
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("torn")]
    [InlineData("zeroed")]
    [InlineData("changed")]
    public async Task A_damaged_record_is_named(string damage)
    {
        await WriteAsync(4);
        await UntilRecordedAsync(static record => record is { Vote: not null, End: not null });
        string path = Path.Combine(Options.Folder, NodeRecord.File);
        string text = await File.ReadAllTextAsync(path, Cancel);
        await File.WriteAllTextAsync(path, damage switch
        {
            "empty" => "",
            "torn" => text[..^10],
            "zeroed" => new string('\0', text.Length),
            _ => text.Replace("log ", "log 1", StringComparison.Ordinal),
        }, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(StartAsync);
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains(NodeRecord.File, error.Message, StringComparison.Ordinal);
        Assert.Contains("members:NAME:id", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_killed_again_and_again_always_comes_back()
    {
        for (int i = 0; i < 5; i++)
        {
            await WriteAsync(10);
            NodeRecord record = NodeRecord.Read(Options.Folder) ?? default;
            RaftEnd? end = RaftFiles.List(Options.Folder).Check();
            Assert.True(record.End is null || record.End <= end, $"{record.End} was noted, and the log ends with {end}");
        }
        await (await StartAsync()).DisposeAsync();
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    /// <summary>Starts the node, writes, and kills it (kill −9) once the last entry is noted, or has been there for two looks.</summary>
    private async Task WriteAsync(int entries)
    {
        await using DqliteNodeProcess process = await StartAsync();
        await using DqliteConnection connection = await DqliteConnection.ConnectAsync(Options.Address, null, Cancel);
        await connection.OpenDatabaseAsync("test", Cancel);
        await connection.ExecAsync("CREATE TABLE IF NOT EXISTS numbers (n INTEGER)", [], Cancel);
        for (int i = 0; i < entries; i++)
            await connection.ExecAsync("INSERT INTO numbers VALUES (?)", [i], Cancel);
        RaftEnd end = RaftFiles.List(Options.Folder).Check()!.Value;
        await UntilRecordedAsync(record => record.End >= end);
    }

    /// <summary>Starts another node of the same folder's kind long enough to close its open segments: dqlite does so when it starts.</summary>
    private async Task WriteClosedAsync()
    {
        string open = Directory.EnumerateFiles(Options.Folder, "open-*").First(RaftSegment.HasEntries);
        (ulong entries, _) = RaftSegment.Check(open);
        byte[] bytes = await File.ReadAllBytesAsync(open, Cancel);
        int used = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        await File.WriteAllBytesAsync(Path.Combine(Options.Folder, $"{2:d16}-{1 + entries:d16}"), bytes[..((used + 7) / 8 * 8)], Cancel);
        File.Delete(open);
    }

    private async Task UntilRecordedAsync(Func<NodeRecord, bool> isIt)
    {
        for (int i = 0; i < Looks; i++)
        {
            if (NodeRecord.Read(Options.Folder) is { } record && isIt(record))
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancel);
        }
        Assert.Fail("It is never noted.");
    }

    private Task<DqliteNodeProcess> StartAsync() => DqliteNodeProcess.StartAsync(SeguroExecutable.In(AppContext.BaseDirectory), Options, StartTime, Cancel);

    private async Task RefusedAsync(string why)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(StartAsync);
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains("members:NAME:id", error.NextStep, StringComparison.Ordinal);
        Assert.Contains(Options.Folder, error.NextStep, StringComparison.Ordinal);
    }
}
