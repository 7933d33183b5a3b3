using System.Net;
using Seguro.Core;
using Seguro.Node.Effects;
using Seguro.Node.Members;

namespace Seguro.Tests.Node.Members;

/// <summary>A member with all that it stands on.</summary>
sealed record HostedMember(string Name, MemberHost Host, EffectRouter Router, IPEndPoint Address, IShip Ship, EventLog Log, IStore Store) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Router.DisposeAsync();
        await Host.DisposeAsync();
        await Ship.DisposeAsync();
        await Log.DisposeAsync();
        await Store.DisposeAsync();
    }
}
