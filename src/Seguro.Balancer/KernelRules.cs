using System.Net;
using System.Net.Sockets;
using System.Text;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>Rules for nftables that copy datagrams in the kernel, in place of a balancer's process.</summary>
/// <remarks>
/// From nft(8): <c>dup to</c> in the families ip and ip6, payload statements that rewrite addresses and mend checksums, <c>notrack</c>. Each datagram is rewritten for one
/// member after the other; a copy goes to all but the last, and the datagram itself to that one. The source address stays. What members send back goes through this machine,
/// and gets the public address as its source.
/// </remarks>
public static class KernelRules
{
    /// <summary>The rules, to be read by <c>nft -f</c>; loading them again replaces them.</summary>
    /// <param name="listen">The public address: a definite one, of this machine.</param>
    /// <param name="members">Where the ships listen; at most <see cref="BalancerOptions.MaxMembers"/>, all of the same family as <paramref name="listen"/>.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the rules can't be made of these.</exception>
    public static string For(IPEndPoint listen, IReadOnlyList<IPEndPoint> members)
    {
        ArgumentNullException.ThrowIfNull(listen);
        ArgumentNullException.ThrowIfNull(members);
        if (listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any) || listen.Port == 0)
            throw new SeguroException(ErrorCode.BadValue, $"the kernel's rules need one public address, not {listen}", "Name the address that outside peers send to with --listen.");
        if (members.Count is 0 or > BalancerOptions.MaxMembers)
            throw new SeguroException(ErrorCode.BadValue, $"the kernel's rules need 1 to {BalancerOptions.MaxMembers} members, not {members.Count}", "Name the members' addresses with --members.");
        if (members.FirstOrDefault(member => member.AddressFamily != listen.AddressFamily) is { } other)
            throw new SeguroException(ErrorCode.BadValue, $"{other} is not of the family of {listen}, and the kernel's rules do not translate", "Use IPv4 for all, or IPv6 for all.");
        if (members.GroupBy(static member => member.Address).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw new SeguroException(ErrorCode.BadValue, $"two members have the address {twice.Key}", "Give each member an address of its own, or use the balancer's process.");
        return Write(listen, members);
    }

    private static string Write(IPEndPoint listen, IReadOnlyList<IPEndPoint> members)
    {
        string family = listen.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6";
        string forwarding = family == "ip" ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
        StringBuilder rules = new();
        rules.Append($$"""
            # The kernel gives each datagram for {{listen}} to every member, with the address of its sender;
            # what a member sends from its own address and port leaves from {{listen}}.
            #   load:    nft -f FILE          remove:  nft delete table {{family}} seguro_balancer
            #   needed:  sysctl -w {{forwarding}}=1; members whose answers go back through this machine (their default
            #            route, or a rule for their port); a firewall here that lets them be forwarded.
            # What is lost against the balancer's process:
            #   * the term check: what a deposed master still sends leaves. Only the lease and the gate hold it back.
            #   * numbers of datagrams: after a takeover a member can't tell by number what was in the log already.
            #   * members that come and go: the list is the one below. Nothing is authenticated, and nothing counted by reason.
            #   * the ship's datagrams come as they are, without frames: only for members that take them so.
            #   * fragments of datagrams above the path's MTU, other than the first, are not copied.
            table {{family}} seguro_balancer
            delete table {{family}} seguro_balancer
            table {{family}} seguro_balancer {
              chain ingress {
                type filter hook prerouting priority raw; policy accept;
                {{family}} daddr {{listen.Address}} udp dport {{listen.Port}} jump copies

            """);
        foreach (IPEndPoint member in members)
            rules.Append($"    {family} saddr {member.Address} udp sport {member.Port} notrack\n");
        rules.Append("  }\n  chain copies {\n    notrack\n");
        for (int index = 0; index < members.Count; index++)
        {
            IPEndPoint member = members[index];
            string copy = index < members.Count - 1 ? $" dup to {member.Address}" : "";
            rules.Append($"    {family} daddr set {member.Address} udp dport set {member.Port}{copy}\n");
        }
        rules.Append("  }\n  chain egress {\n    type filter hook postrouting priority raw; policy accept;\n");
        foreach (IPEndPoint member in members)
            rules.Append($"    {family} saddr {member.Address} udp sport {member.Port} {family} saddr set {listen.Address} udp sport set {listen.Port}\n");
        rules.Append("  }\n}\n");
        return rules.ToString();
    }
}
