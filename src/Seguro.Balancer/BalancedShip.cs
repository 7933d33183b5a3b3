using System.Net;
using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>A ship's part of a balancer: its two sockets, who its members are, which term is in force. Threads and buffers are the balancer's.</summary>
internal sealed class BalancedShip : IDisposable
{
    private string? _said;

    private BalancedShip(ushort number, DatagramSocket? outside, DatagramSocket inside, IngressRoom ingress, EgressRoom egress, ulong first, TimeProvider time)
    {
        Number = number;
        Outside = outside;
        Inside = inside;
        Members = new MemberTable(time);
        Ingress = outside is null ? null : new IngressPump(number, outside, inside, Members, ingress, first);
        Egress = new EgressPump(number, inside, outside, Members, Places, egress, time);
    }

    /// <summary>Its number among the ships of the balancer.</summary>
    public ushort Number { get; }

    /// <summary>Where outside peers send; <see langword="null"/>: this balancer takes no datagrams.</summary>
    public DatagramSocket? Outside { get; }

    /// <summary>Where its members send.</summary>
    public DatagramSocket Inside { get; }

    public MemberTable Members { get; }

    /// <summary>Where the ship is, where it runs on vere.</summary>
    public ShipPlaces Places { get; } = new();

    public IngressPump? Ingress { get; }

    public EgressPump Egress { get; }

    /// <summary>What it did until now, but for errors of the system, which its thread counts.</summary>
    public BalancerStats Stats => new(
        Ingress?.Datagrams ?? 0,
        Ingress?.Copies ?? 0,
        Ingress?.TooLarge ?? 0,
        Ingress?.NotIPv4 ?? 0,
        Ingress?.WithoutMember ?? 0,
        Ingress?.Refused ?? 0,
        Outside?.Drops ?? 0,
        Egress.Released,
        Egress.OldTerm,
        Egress.Refused,
        Egress.Hellos,
        Egress.HellosRepeated,
        Egress.HellosTooMany,
        Egress.Malformed,
        Egress.Forged,
        Egress.UnknownKey,
        Egress.UnknownSender,
        Egress.WrongKind,
        Egress.WrongShip,
        Inside.Drops,
        0,
        Egress.Term,
        Egress.TermsRefused,
        Egress.TermsTakenBack,
        Members.Current.Length);

    /// <summary>Binds both sockets.</summary>
    /// <param name="number">The ship's number.</param>
    /// <param name="listen">See <see cref="Outside"/>.</param>
    /// <param name="inside">See <see cref="Inside"/>.</param>
    /// <param name="ingress">Of the thread that will step <see cref="Ingress"/>.</param>
    /// <param name="egress">Of the thread that will step <see cref="Egress"/>.</param>
    /// <param name="first">The number before the first datagram's.</param>
    /// <param name="bufferBytes">See <see cref="BalancerOptions.BufferBytes"/>.</param>
    /// <param name="time">Tells when a member is silent for too long.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: an address can't be used.</exception>
    public static BalancedShip Bind(ushort number, IPEndPoint? listen, IPEndPoint inside, IngressRoom ingress, EgressRoom egress, ulong first, int bufferBytes, TimeProvider time)
    {
        DatagramSocket? outside = listen is null ? null : DatagramSocket.Bind(listen, bufferBytes);
        try
        {
            return new BalancedShip(number, outside, DatagramSocket.Bind(inside, bufferBytes), ingress, egress, first, time);
        }
        catch
        {
            outside?.Dispose();
            throw;
        }
    }

    /// <summary>What is wrong with a term, said once.</summary>
    public string? TakeTrouble()
    {
        string? trouble = Egress.Trouble;
        if (trouble == _said)
            return null;
        return _said = trouble;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Outside?.Dispose();
        Inside.Dispose();
    }
}
