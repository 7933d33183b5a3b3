using System.Diagnostics;
using System.Text.Json;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

public sealed class NodeProcessTests : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new("node");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static SeguroExecutable Executable => SeguroExecutable.In(AppContext.BaseDirectory);

    private DqliteNodeOptions Options => field ??= new DqliteNodeOptions
    {
        Folder = _folder["node"],
        Id = 1,
        Address = new HostAddress("127.0.0.1", FreePort.Next()),
        Bootstrap = true,
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_that_died_is_started_again()
    {
        await using DqliteNodeProcess node = await DqliteNodeProcess.StartAsync(Executable, Options, StartTime, Cancel);
        DqliteNodeStatus before = node.Status;
        Assert.Equal(DqliteNodeState.Running, before.State);
        End(before.Process!.Value);
        DqliteNodeStatus after = await node.WaitAsync(static status => status is { State: DqliteNodeState.Running, Restarts: 1 }, Cancel);
        Assert.NotEqual(before.Process, after.Process);
        Assert.Contains("signal 9", after.LastError!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_lost_its_disk_is_not_started_again(bool markerToo)
    {
        await using DqliteNodeProcess node = await DqliteNodeProcess.StartAsync(Executable, Options, StartTime, Cancel);
        foreach (string file in Directory.EnumerateFiles(Options.Folder).Where(file => markerToo || !file.EndsWith(".json", StringComparison.Ordinal)))
            File.Delete(file);
        End(node.Status.Process!.Value);
        DqliteNodeStatus status = await node.WaitAsync(static status => status.State == DqliteNodeState.Refused, Cancel);
        Assert.Equal(ErrorCode.LostDisk, status.LastError!.Code);
    }

    [Fact]
    public async Task Disposing_ends_the_process()
    {
        DqliteNodeProcess node = await DqliteNodeProcess.StartAsync(Executable, Options, StartTime, Cancel);
        using Process process = Process.GetProcessById(node.Status.Process!.Value);
        await node.DisposeAsync();
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(DqliteNodeState.Stopped, node.Status.State);
    }

    [Fact]
    public async Task A_port_in_use_is_reported_with_a_next_step()
    {
        await using DqliteNodeProcess first = await DqliteNodeProcess.StartAsync(Executable, Options, StartTime, Cancel);
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => DqliteNodeProcess.StartAsync(Executable, Options with { Folder = _folder["other"] }, StartTime, Cancel));
        Assert.Equal(ErrorCode.ProcessFailed, error.Code);
        Assert.Contains(Options.Address.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_program_is_reported()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => DqliteNodeProcess.StartAsync(new SeguroExecutable(_folder["nothing"], []), Options, StartTime, Cancel));
        Assert.Equal(ErrorCode.ProcessFailed, error.Code);
    }

    [Fact]
    public async Task A_node_ends_when_its_supervisor_was_killed()
    {
        // The supervisor is a shell that holds the node's standard input, is killed, and can't say goodbye.
        string command = string.Join(' ', Executable.First.Concat(NodeArguments.Write(Options with { Supervised = true })).Prepend(Executable.File).Select(static word => $"'{word}'"));
        using Process supervisor = Process.Start(new ProcessStartInfo("sh", ["-c", $"mkfifo '{_folder["input"]}'; {command} < '{_folder["input"]}' & exec 9> '{_folder["input"]}'; echo '{{}}' >&9; wait"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        })!;
        string ready = await supervisor.StandardOutput.ReadLineAsync(Cancel) ?? "";
        using JsonDocument report = JsonDocument.Parse(ready);
        Assert.True(report.RootElement.GetProperty("ready").GetBoolean());
        using Process node = Process.GetProcessById(report.RootElement.GetProperty("process").GetInt32());
        End(supervisor.Id);
        await node.WaitForExitAsync(Cancel);
    }

    [Fact]
    public async Task Every_option_reaches_the_process()
    {
        DqliteNodeOptions options = Options with
        {
            Cluster = "a b",
            NetworkLatency = TimeSpan.FromMilliseconds(7),
            SnapshotThreshold = 8,
            SnapshotTrailing = 9,
            MaxConnections = 10,
            ConnectTime = TimeSpan.FromMilliseconds(500),
            Listen = new HostAddress("127.0.0.1", 9000),
        };
        await (await DqliteNodeProcess.StartAsync(Executable, options, StartTime, Cancel)).DisposeAsync();
        await (await DqliteNodeProcess.StartAsync(Executable, options with { Bootstrap = false, MustExist = true }, StartTime, Cancel)).DisposeAsync();
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(() => DqliteNodeProcess.StartAsync(Executable, options with { Cluster = "c" }, StartTime, Cancel));
        Assert.Contains("'a b'", error.Message, StringComparison.Ordinal);
    }

    private static void End(int process)
    {
        using Process victim = Process.GetProcessById(process);
        victim.Kill();
    }
}
