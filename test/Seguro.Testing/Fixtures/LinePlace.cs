using System.Net;

namespace Seguro.Testing;

/// <summary>A place on a <see cref="DelayLine"/>: where a program listens so that those at the other places reach it over the line.</summary>
/// <param name="Address">Its address on the line.</param>
/// <param name="Network">Its network; <see langword="null"/> where that is the one of this process.</param>
public sealed record LinePlace(IPAddress Address, NetworkNamespace? Network)
{
    /// <summary>The address as URLs and settings have it.</summary>
    public string Host { get; } = Address.ToString();

    /// <summary>The same command, run in this place. Each step is an exec: the process keeps its number.</summary>
    public IReadOnlyList<string> Command(IReadOnlyList<string> command) => Network is null ? command : ["ip", "netns", "exec", Network.Name, .. command];

    /// <summary>Runs a function in the place's network, as <see cref="NetworkNamespace.Enter"/> does.</summary>
    public T Enter<T>(Func<T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return Network is null ? make() : Network.Enter(make);
    }
}
