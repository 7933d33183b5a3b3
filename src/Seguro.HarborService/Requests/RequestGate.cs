using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Limits;
using Seguro.HarborService.Owners;
using Seguro.Identity;

namespace Seguro.HarborService.Requests;

/// <summary>Who comes in: what is cheap to refuse is refused first, and nothing is looked up or read for somebody who has not shown a key.</summary>
/// <remarks>
/// In this order: the address's measure, the form, the time, the signature, the registration, the owner's measure, whether the request was here before.
/// The owner's measure comes after the signature, since before it anybody could use it up in the owner's name.
/// </remarks>
internal sealed class RequestGate(ServiceOptions options, ServiceCertificate? certificate, OwnerCache owners)
{
    /// <summary>What a request costs its address that turns out to be nobody's.</summary>
    private const double Stranger = 20;
    private readonly RateLimit<UInt128> _addresses = new(options.AddressRate, options.AddressRate * options.Burst, options.Time);
    private readonly RateLimit<string> _owners = new(options.OwnerRate, options.OwnerRate * options.Burst, options.Time);
    private readonly SeenRequests _seen = new(options.Time);
    private readonly HashSet<IPAddress> _balancers = [.. options.Balancers.Select(static one => one.MapToIPv6())];

    /// <summary>Whether an address is a balancer's.</summary>
    public bool IsBalancer(IPAddress? address) => address is not null && _balancers.Contains(address.MapToIPv6());

    /// <summary>Takes the address's share.</summary>
    /// <exception cref="RequestRefusal">It is used up.</exception>
    public IPAddress Enter(HttpContext context)
    {
        IPAddress address = AddressOf(context);
        if (!IsBalancer(address) && !_addresses.TryTake(Doorstep.KeyOf(address)))
            throw new RequestRefusal(429, "too many requests come from your address", "Wait a little; it is tried again by itself.");
        return address;
    }

    /// <summary>Finds out who asks.</summary>
    /// <exception cref="RequestRefusal">Nobody who may.</exception>
    /// <exception cref="Core.SeguroException">What the storage throws.</exception>
    public async Task<(OwnerRecord Owner, SignedRequest Request)> AdmitAsync(HttpContext context, IPAddress address, OwnersRequest asked, string target)
    {
        try
        {
            SignedRequest request = CheckSignature(context, target);
            OwnerRecord owner = await owners.FindAsync(asked.Owner, request.Key)
                ?? throw new RequestRefusal(403, $"this key is not registered as {asked.Owner}'s", "Check the owner in the URL; or have the provider register the key: `seguro harbor owner add`.");
            context.Features.Get<Doorstep.Visit>()?.Dispose();
            if (!_owners.TryTake(asked.Owner))
                throw new RequestRefusal(429, $"too many requests come from {asked.Owner}", "Wait a little; it is tried again by itself.");
            return _seen.TryAdd(request.Number) switch
            {
                true => (owner, request),
                false => throw new RequestRefusal(409, "this request was here before", "If you did not send it twice, somebody repeats what you send: tell the provider."),
                null => throw new RequestRefusal(503, "there are too many requests", "It is tried again by itself."),
            };
        }
        catch (RequestRefusal refusal) when (refusal.Status is 401 or 403 && !IsBalancer(address))
        {
            _addresses.Charge(Doorstep.KeyOf(address), Stranger);
            throw;
        }
    }

    private SignedRequest CheckSignature(HttpContext context, string target)
    {
        HttpRequest http = context.Request;
        SignedRequest request = (http.Headers.Authorization is [{ } header] ? SignedRequest.Parse(header) : null)
            ?? throw new RequestRefusal(401, "the request is not signed", "A harbor's service answers to `seguro harbor` with an access key.");
        string host = http.Headers.Host is [{ } named] ? named : "";
        if (certificate is not null && !certificate.IsFor(new HostString(host).Host.Trim('[', ']')))
            throw new RequestRefusal(421, "the request is for another service", "Use the name that is in this service's certificate.");
        if (options.Hosts.Count > 0 && !options.Hosts.Any(one => IsCalled(one, host)))
            throw new RequestRefusal(421, "the request is for another service", "Use the name that the provider gave you; the provider names it with --host, and a proxy must pass Host on as it came.");
        if (!_seen.IsNear(request.Time))
        {
            long seconds = (request.Time - options.Time.GetUtcNow().ToUnixTimeMilliseconds()) / 1000;
            throw new RequestRefusal(428, $"your clock is {Math.Abs(seconds)} s {(seconds > 0 ? "ahead of" : "behind")} the service's", "Set this machine's clock (timedatectl); it is tried again by itself.");
        }
        return request.IsGenuine(http.Method, host, target) ? request : throw new RequestRefusal(401, "the signature is not that of the key", "Use an access key that `seguro harbor key access` made; a proxy between must not change the request.");
    }

    /// <summary>Whether a request's <c>Host</c> is a name of this service; where that has a port, with it.</summary>
    private static bool IsCalled(string name, string host) =>
        string.Equals(name, host, StringComparison.OrdinalIgnoreCase)
        || (new HostString(name).Port is null && string.Equals(new HostString(name).Host, new HostString(host).Host, StringComparison.OrdinalIgnoreCase));

    /// <summary>Who connected; behind a proxy on this machine, whom it names last.</summary>
    private IPAddress AddressOf(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return certificate is null && IPAddress.IsLoopback(address) && context.Request.Headers["X-Forwarded-For"] is [.., { } named] && IPAddress.TryParse(named.Split(',')[^1].Trim(), out IPAddress? client)
            ? client
            : address;
    }
}
