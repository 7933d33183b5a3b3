using System.Net;
using System.Net.Sockets;
using Seguro.Core;
using Seguro.Node.Configuration;

namespace Seguro.Node.Startup;

/// <summary>
/// A member listens on what its own name is on its own machine. Debian's installer writes a line for that into <c>/etc/hosts</c>, with 127.0.1.1
/// (Debian Reference, "The hostname resolution"): who listens there is heard by nobody, and all that the others could say is that nobody answers.
/// </summary>
internal static class OwnAddress
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Refuses a name that is loopback here, while another member is on another machine. What can't be looked up is no proof of anything.</summary>
    /// <param name="configuration">The member's.</param>
    /// <param name="lookup">The addresses of a name, as this machine knows them.</param>
    /// <param name="cancel">Ends the lookups.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: such a name.</exception>
    public static async Task CheckAsync(NodeConfiguration configuration, Func<string, CancellationToken, Task<IPAddress[]>> lookup, CancellationToken cancel)
    {
        MemberAddresses self = configuration.Self;
        string host = self.Links.Host;
        if (configuration.Listen is not null || self.Links.IsLoopback || IPAddress.TryParse(host, out _))
            return;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        IPAddress[] here = await FindAsync(self.Links, lookup, patience.Token);
        if (here.Length == 0 || !Array.TrueForAll(here, IPAddress.IsLoopback))
            return;
        foreach (MemberAddresses other in configuration.Members)
        {
            IPAddress[] there = other.Name == self.Name || other.Links.Host == host ? [] : await FindAsync(other.Links, lookup, patience.Token);
            if (there.Length == 0 || Array.Exists(there, IPAddress.IsLoopback))
                continue;
            throw new SeguroException(ErrorCode.BadValue,
                $"{self.Name}'s name {host} is {here[0]} on this machine, where {other.Name} at {there[0]} can't reach it",
                $"Take {host} out of that line of /etc/hosts (Debian writes it for a machine's own name), or say at which address of this machine to listen: member:listen, HOST:{self.Links.Port}.");
        }
        cancel.ThrowIfCancellationRequested();
    }

    private static async Task<IPAddress[]> FindAsync(HostAddress address, Func<string, CancellationToken, Task<IPAddress[]>> lookup, CancellationToken cancel)
    {
        if (IPAddress.TryParse(address.Host, out IPAddress? literal))
            return [literal];
        try
        {
            return await lookup(address.Host, cancel);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return [];
        }
    }
}
