using System.Net;
using System.Net.Sockets;
using Seguro.Stores.Dqlite;

namespace Seguro.Tests.Stores.Dqlite;

/// <summary>A hang of the C library can't be made to order, so a listener that falls silent stands for it.</summary>
public sealed class NodePulseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Notices_a_dqlite_that_falls_silent_and_not_one_that_answers()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        TaskCompletionSource hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
        NodePulse.Start(listener.LocalEndPoint!, Patience, hung.SetResult);

        using Socket node = await listener.AcceptAsync(Cancel);
        await ReceiveAsync(node, 8);
        for (int asked = 0; asked < 3; asked++)
        {
            Assert.False(hung.Task.IsCompleted);
            await ReceiveAsync(node, 16);
            // Response 1, server 1 at "1": words, type, then id and text.
            await node.SendAsync(new byte[] { 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, (byte)'1', 0, 0, 0, 0, 0, 0, 0 }, Cancel);
        }
        await ReceiveAsync(node, 16);
        await hung.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task A_connection_that_is_closed_is_no_hang()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        TaskCompletionSource hung = new(TaskCreationOptions.RunContinuationsAsynchronously);
        NodePulse.Start(listener.LocalEndPoint!, Patience, hung.SetResult);
        (await listener.AcceptAsync(Cancel)).Dispose();
        using Socket again = await listener.AcceptAsync(Cancel);
        Assert.False(hung.Task.IsCompleted);
        await ReceiveAsync(again, 8 + 16);
        await hung.Task.WaitAsync(Cancel);
    }

    private static async Task ReceiveAsync(Socket socket, int count)
    {
        byte[] buffer = new byte[count];
        for (int got = 0; got < count;)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(got), Cancel);
            Assert.NotEqual(0, read);
            got += read;
        }
    }
}
