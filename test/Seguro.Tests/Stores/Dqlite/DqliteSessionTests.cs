using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Dqlite;
using Xunit;

namespace Seguro.Tests.Stores.Dqlite;

public sealed class DqliteSessionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_while_it_looks_for_another_leader_ends_the_request_with_the_cause()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        HostAddress address = new("127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port);
        DqliteLeaderSearch search = new([address], static _ => throw new InvalidOperationException("the certificates were disposed of"), TimeProvider.System);
        DqliteConnection connection = await DqliteConnection.ConnectAsync(address, null, Cancel);
        DqliteException error = await Assert.ThrowsAsync<DqliteException>(() => DqliteSession.OpenAsync(connection, search, TimeProvider.System, 0, Cancel).AsTask());
        Assert.Contains("the certificates were disposed of", error.Message, StringComparison.Ordinal);
    }
}
