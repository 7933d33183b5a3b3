using Grpc.Core;
using Grpc.Net.Client;
using Seguro.Core;
using Wire = Seguro.Node.Links.Wire;

namespace Seguro.Node.Links;

/// <content>How a member says where it is, and hears whether it is let in.</content>
public sealed partial class MemberLinks
{
    /// <summary>Asks the members that are known by address to be let in, once a second, until one does or says that this member has left. For a member that has no links yet.</summary>
    /// <param name="addresses">As for <see cref="SetPeers"/>.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotAMember"/>: it has left.</exception>
    public async Task AskAsync(IReadOnlyDictionary<string, HostAddress> addresses, CancellationToken cancel)
    {
        // Kept from one round to the next: a connection that nobody has is closed.
        Dictionary<string, SharedConnections.Use> connections = new(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                foreach ((string name, HostAddress address) in addresses.Where(pair => pair.Key != _options.Name && IsLetIn(pair.Key)))
                {
                    SharedConnections.Use connection = _door.Connections.Rent(name, address, forStreams: false);
                    connections.Remove(name, out SharedConnections.Use? last);
                    connections.Add(name, connection);
                    last?.Dispose();
                    await IntroduceAsync(name, connection.Channel, cancel);
                    if (Refusal is { HasLeft: true } left)
                        throw left.ToError();
                }
                await Task.Delay(_options.LongestPause, cancel);
            }
        }
        finally
        {
            foreach (SharedConnections.Use connection in connections.Values)
                connection.Dispose();
        }
    }

    private async Task IntroduceAsync(LinkPeer peer)
    {
        CancellationToken stop = peer.Stop.Token;
        while (!stop.IsCancellationRequested)
        {
            await PauseAsync(_options.LongestPause, stop);
            if (peer.Current is not null || Channel(peer) is not { } channel)
                continue;
            peer.Problem = await IntroduceAsync(peer.Name, channel, stop);
        }
    }

    /// <summary>Says where this member is, and hears whether it is let in.</summary>
    /// <returns>Why it could not be said.</returns>
    private async Task<string?> IntroduceAsync(string peer, GrpcChannel channel, CancellationToken stop)
    {
        try
        {
            Wire.Introduced answer = await new Wire.MemberLink.MemberLinkClient(channel).IntroduceAsync(
                new Wire.Introduction { Address = _options.Address.ToString() }, ShipHeader.Of(_options), deadline: DateTime.UtcNow + _options.ConnectTime, cancellationToken: stop);
            _refusal = answer.Refusal.Length == 0 ? null : new LinkRefusal(_options.Name, peer, answer.Left);
            return null;
        }
        catch (Exception error) when (LinkStream.IsBroken(error))
        {
            return LinkStream.Describe(error);
        }
    }
}
