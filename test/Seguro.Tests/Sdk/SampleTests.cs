using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Sdk;
using Seguro.Testing;
using Seguro.Tests.Repository;
using Echo = Seguro.Samples.Echo;
using Mirror = Seguro.Samples.Mirror;

namespace Seguro.Tests.Sdk;

/// <summary>The samples do what <c>docs/sdk.md</c> says, and stand there word for word.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("samples");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_mirror_copies_what_is_there_and_what_comes_and_goes_on_where_it_was()
    {
        await using SeguroLog source = await OpenAsync("source", "m1");
        await using SeguroLog copy = await OpenAsync("copy", "m1");
        await using SeguroWriter writer = await source.CampaignAsync(cancel: Cancel);
        for (int round = 0; round < 2; round++)
        {
            await writer.AppendAsync(Encoding.UTF8.GetBytes($"before {round}"));
            using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task mirror = Mirror.RunAsync(Url("source"), Url("copy"), "~zod", end.Token);
            ulong last = await writer.AppendAsync(Encoding.UTF8.GetBytes($"beside {round}"));
            await (await Task.WhenAny(mirror, copy.WaitAsync(last, SafetyLevel.Committed, Cancel)));
            await end.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => mirror);
            Assert.Equal((await source.ReadHeadAsync(Cancel)).Chain, (await copy.ReadHeadAsync(Cancel)).Chain);
        }
    }

    [Fact]
    public async Task A_mirror_refuses_a_copy_of_another_history()
    {
        foreach (string name in (string[])["source", "copy"])
        {
            await using SeguroLog log = await OpenAsync(name, "m1");
            await using SeguroWriter writer = await log.CampaignAsync(cancel: Cancel);
            await writer.AppendAsync(Encoding.UTF8.GetBytes(name));
        }
        await Assert.ThrowsAsync<InvalidDataException>(() => Mirror.RunAsync(Url("source"), Url("copy"), "~zod", Cancel));
    }

    [Fact]
    public async Task An_answer_waits_for_two_machines_and_a_new_master_goes_on()
    {
        await using SeguroLog first = await OpenAsync("echo", "m1");
        await using SeguroLog second = await OpenAsync("echo", "m2");
        await using SeguroLog third = await OpenAsync("echo", "m3");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        Echo standby = new(second);
        using (CancellationTokenSource dies = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        using (UdpClient socket = new(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            Task serving = new Echo(first).ServeAsync(socket, dies.Token);
            Task one = new Echo(third).FollowAsync(stop.Token);
            await client.SendAsync("hello"u8.ToArray(), (IPEndPoint)socket.Client.LocalEndPoint!, Cancel);
            await first.WaitAsync(1, SafetyLevel.Processed(1), Cancel);
            ValueTask<UdpReceiveResult> answer = client.ReceiveAsync(Cancel);
            Assert.False(answer.IsCompleted); // one machine is not enough
            using CancellationTokenSource promoted = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task two = standby.FollowAsync(promoted.Token);
            Assert.Equal("1: hello (1)", Encoding.UTF8.GetString((await answer).Buffer));
            await dies.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);
            await promoted.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
            Assert.False(one.IsCompleted);
        }
        using UdpClient next = new(new IPEndPoint(IPAddress.Loopback, 0));
        await using SeguroLog fourth = await OpenAsync("echo", "m4");
        Task following = new Echo(fourth).FollowAsync(stop.Token);
        Task now = standby.ServeAsync(next, stop.Token);
        await client.SendAsync("hello"u8.ToArray(), (IPEndPoint)next.Client.LocalEndPoint!, Cancel);
        Assert.Equal("2: hello (2)", Encoding.UTF8.GetString((await client.ReceiveAsync(Cancel)).Buffer));
        await stop.CancelAsync();
        await EndedAsync(Task.WhenAll(now, following));
    }

    [Theory]
    [InlineData("samples/Mirror.cs")]
    [InlineData("samples/Echo.cs")]
    [InlineData("samples/machine.c")]
    public void Stands_in_the_docs_word_for_word(string path) =>
        Assert.Contains(SourceFiles.Read(path), SourceFiles.Read("docs/sdk.md"), StringComparison.Ordinal);

    [Fact]
    public void The_mirror_is_some_thirty_lines() => Assert.InRange(SourceFiles.Read("samples/Mirror.cs").Split('\n').Length, 20, 34);

    private string Url(string name) => $"sqlite:{_folder[name]}.db";

    private Task<SeguroLog> OpenAsync(string name, string machine) =>
        SeguroLog.OpenAsync(Url(name), "~zod", new SeguroLogOptions { Name = machine, Create = true }, Cancel);

    /// <summary>Waits for what was cancelled, however it ends.</summary>
    private static async Task EndedAsync(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
