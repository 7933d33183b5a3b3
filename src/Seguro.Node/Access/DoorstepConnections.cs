using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Seguro.Identity;

namespace Seguro.Node.Access;

/// <summary>A <see cref="Doorstep"/> before the connections of Kestrel.</summary>
static class DoorstepConnections
{
    /// <summary>Each connection stands on the doorstep from its first byte on. To be called before anything else that the connections go through.</summary>
    public static void UseDoorstep(this ListenOptions listen, Doorstep doorstep) => listen.Use(next => async connection =>
    {
        using Doorstep.Visit? visit = doorstep.Enter(connection.RemoteEndPoint, connection.Abort);
        if (visit is null)
        {
            connection.Abort();
            return;
        }
        connection.Features.Set(visit);
        await next(connection);
    });

    /// <summary>Whoever came as far as here has shown who it is.</summary>
    public static void UseTrust(this ListenOptions listen) => listen.Use(static next => connection =>
    {
        connection.Features.Get<Doorstep.Visit>()?.Dispose();
        return next(connection);
    });
}
