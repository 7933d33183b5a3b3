using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;

namespace Seguro.Tests.Harbor;

/// <summary>What every target at the other end of a line must do besides: lines break, in the middle of whatever they carry.</summary>
public abstract class RemoteTargetSuite : HarborTargetSuite
{
    /// <summary>The server's port.</summary>
    protected abstract int ServerPort { get; }

    /// <summary>Opens a connection that goes by another port of loopback.</summary>
    protected abstract IHarborTarget OpenAt(int port);

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_is_tried_again()
    {
        const int Cut = 2;
        const int BytesBefore = 5000; // of what the client says
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int left = Cut;
        Task serving = ServeAsync();
        await using IHarborTarget target = OpenAt(((IPEndPoint)listener.LocalEndpoint).Port);
        HarborFolder folder = new(target, "a", TimeProvider.System);
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        Assert.True(await folder.PutAsync("e/1", new MemoryStream(content), Cancel));
        Assert.Equal(0, left);
        Assert.Equal(content, await ReadAsync(target, "a/e/1", null));
        listener.Stop();
        await serving;

        async Task ServeAsync()
        {
            while (true)
            {
                TcpClient from;
                try
                {
                    from = await listener.AcceptTcpClientAsync(Cancel);
                }
                catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
                {
                    return;
                }
                _ = ForwardAsync(from);
            }
        }

        async Task ForwardAsync(TcpClient from)
        {
            using (from)
            using (TcpClient to = new("127.0.0.1", ServerPort))
            {
                NetworkStream client = from.GetStream();
                Task back = to.GetStream().CopyToAsync(client, Cancel);
                byte[] piece = new byte[1000];
                int passed = 0;
                for (int read; (read = await client.ReadAsync(piece, Cancel)) > 0; passed += read)
                {
                    if (passed > BytesBefore && Interlocked.Decrement(ref left) >= 0)
                    {
                        from.LingerState = new LingerOption(true, 0);
                        return;
                    }
                    Interlocked.CompareExchange(ref left, 0, -1);
                    await to.GetStream().WriteAsync(piece.AsMemory(0, read), Cancel);
                }
                to.Client.Shutdown(SocketShutdown.Send);
                await back;
            }
        }
    }
}
