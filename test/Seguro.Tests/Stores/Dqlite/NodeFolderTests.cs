using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

public sealed class NodeFolderTests : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new("node");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DqliteNodeOptions Options => field ??= new DqliteNodeOptions
    {
        Folder = _folder["node"],
        Id = 1,
        Address = new HostAddress("127.0.0.1", FreePort.Next()),
        Bootstrap = true,
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Node_1_forms_no_cluster_unless_told_to()
    {
        SeguroException error = await RefusedAsync(Options with { Bootstrap = false });
        Assert.Equal(ErrorCode.NotFound, error.Code);
        Assert.Contains("bootstrap", error.NextStep, StringComparison.Ordinal);
        await RunOnceAsync(Options);
        await RunOnceAsync(Options with { Bootstrap = false });
    }

    [Fact]
    public async Task Only_node_1_forms_a_cluster()
    {
        Assert.Equal(ErrorCode.BadValue, (await RefusedAsync(Options with { Id = 2 })).Code);
        Assert.Equal(ErrorCode.BadValue, (await RefusedAsync(Options with { Id = 0x2dc171858c3155be, Bootstrap = false })).Code);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("localhost")]
    [InlineData("::1")]
    public async Task Refuses_plain_traffic_beyond_loopback(string host) =>
        Assert.Equal(ErrorCode.InsecureTransport, (await RefusedAsync(Options with { Address = new HostAddress(host, 9000) })).Code);

    [Fact]
    public async Task Refuses_a_folder_with_files_of_others()
    {
        Directory.CreateDirectory(Options.Folder);
        await File.WriteAllTextAsync(Path.Combine(Options.Folder, "letter.txt"), "dear", Cancel);
        Assert.Equal(ErrorCode.ForeignDatabase, (await RefusedAsync(Options)).Code);
        Assert.Equal(["letter.txt"], Directory.EnumerateFileSystemEntries(Options.Folder).Select(static path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task Refuses_the_folder_of_another_node_or_cluster()
    {
        await RunOnceAsync(Options);
        Assert.Equal(ErrorCode.LostDisk, (await RefusedAsync(Options with { Id = 2, Bootstrap = false })).Code);
        Assert.Equal(ErrorCode.LostDisk, (await RefusedAsync(Options with { Address = new HostAddress("127.0.0.1", FreePort.Next()) })).Code);
        Assert.Equal(ErrorCode.ForeignDatabase, (await RefusedAsync(Options with { Cluster = "another" })).Code);
    }

    [Fact]
    public async Task Refuses_a_marked_folder_without_its_data_even_when_told_to_form_a_cluster()
    {
        await RunOnceAsync(Options);
        foreach (string file in Directory.EnumerateFiles(Options.Folder).Where(static file => !file.EndsWith(".json", StringComparison.Ordinal)))
            File.Delete(file);
        Assert.Equal(ErrorCode.LostDisk, (await RefusedAsync(Options)).Code);
    }

    [Fact]
    public async Task Starts_after_a_first_start_that_broke_off()
    {
        Directory.CreateDirectory(Options.Folder);
        await File.WriteAllTextAsync(Path.Combine(Options.Folder, "seguro-node.json.tmp"), "{", Cancel);
        await RunOnceAsync(Options);
    }

    [Fact]
    public async Task A_node_that_nobody_let_in_yet_may_start_again()
    {
        DqliteNodeOptions options = Options with { Id = 2, Bootstrap = false };
        await RunOnceAsync(options);
        await RunOnceAsync(options);
    }

    [Fact]
    public async Task Refuses_a_marker_that_makes_no_sense_or_is_of_a_newer_program()
    {
        await RunOnceAsync(Options);
        string marker = Path.Combine(Options.Folder, "seguro-node.json");
        string text = await File.ReadAllTextAsync(marker, Cancel);
        await File.WriteAllTextAsync(marker, text.Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal), Cancel);
        Assert.Equal(ErrorCode.NewerSchema, (await RefusedAsync(Options)).Code);
        await File.WriteAllTextAsync(marker, text[..^9], Cancel);
        Assert.Equal(ErrorCode.Corrupt, (await RefusedAsync(Options)).Code);
    }

    [Fact]
    public async Task Two_processes_never_use_one_folder()
    {
        await using DqliteNodeProcess first = await StartAsync(Options);
        SeguroException error = await RefusedAsync(Options);
        Assert.Equal(ErrorCode.ProcessFailed, error.Code);
        Assert.Contains("in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refuses_files_that_dqlite_put_aside_as_corrupt()
    {
        await RunOnceAsync(Options);
        await File.WriteAllBytesAsync(Path.Combine(Options.Folder, "corrupt-1700000000-open-1"), [1], Cancel);
        Assert.Equal(ErrorCode.LostDisk, (await RefusedAsync(Options)).Code);
    }

    [Fact]
    public async Task Refuses_a_flipped_bit_in_a_closed_segment()
    {
        await RunOnceAsync(Options);
        string segment = Directory.EnumerateFiles(Options.Folder, "0*-0*").First();
        Flip(segment, new FileInfo(segment).Length - 4);
        Assert.Equal(ErrorCode.LostDisk, (await RefusedAsync(Options)).Code);
    }

    [Fact]
    public async Task Refuses_a_flipped_bit_before_other_entries_of_an_open_segment()
    {
        string segment = await WriteAndKillAsync();
        // 8 bytes of format, then the first batch: two checksums, the number of entries, a header of 16 bytes, data.
        Flip(segment, 8 + 40);
        SeguroException error = await RefusedAsync(Options);
        Assert.Equal(ErrorCode.LostDisk, error.Code);
        Assert.Contains("open-", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_an_open_segment_whose_last_write_was_torn()
    {
        string segment = await WriteAndKillAsync();
        byte[] bytes = await File.ReadAllBytesAsync(segment, Cancel);
        Flip(segment, bytes.AsSpan().LastIndexOfAnyExcept((byte)0));
        await RunOnceAsync(Options);
    }

    private async Task<string> WriteAndKillAsync()
    {
        await using (DqliteNodeProcess process = await StartAsync(Options))
        {
            await using DqliteConnection connection = await DqliteConnection.ConnectAsync(Options.Address, null, Cancel);
            await connection.OpenDatabaseAsync("test", Cancel);
            await connection.ExecAsync("CREATE TABLE numbers (n INTEGER PRIMARY KEY)", [], Cancel);
            for (int i = 0; i < 4; i++)
                await connection.ExecAsync("INSERT INTO numbers VALUES (?)", [i], Cancel);
        }
        return Directory.EnumerateFiles(Options.Folder, "open-*").Single(static path => File.ReadAllBytes(path).AsSpan().IndexOfAnyExcept((byte)0) >= 0);
    }

    private static void Flip(string path, long position)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        int value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 1));
    }

    private static Task<DqliteNodeProcess> StartAsync(DqliteNodeOptions options) =>
        DqliteNodeProcess.StartAsync(SeguroExecutable.In(AppContext.BaseDirectory), options, StartTime, Cancel);

    private static async Task RunOnceAsync(DqliteNodeOptions options) => await (await StartAsync(options)).DisposeAsync();

    private static async Task<SeguroException> RefusedAsync(DqliteNodeOptions options)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => StartAsync(options));
        Assert.NotEmpty(error.NextStep);
        return error;
    }
}
