using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>Where a ship that runs on vere is reached, as its master says.</summary>
/// <param name="Member">The master.</param>
/// <param name="Address">Its address on the members' network: the one that its hellos come from.</param>
/// <param name="Term">Its term.</param>
/// <param name="UdpPort">The ship's own UDP port there; 0 where it is not known.</param>
/// <param name="HttpPort">The ship's own port for HTTP there; 0 while it has none.</param>
public sealed record ShipPlace(string Member, IPAddress Address, Term Term, int UdpPort, int HttpPort);
