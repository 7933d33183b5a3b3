using System.Net;
using Seguro.Cli.Demo;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>What is measured: a ship under a cluster, and the same by itself.</summary>
/// <param name="Name">Which vere.</param>
/// <param name="Members">The cluster.</param>
/// <param name="Http">Where the cluster's ship answers, whoever is master: all members are on this machine.</param>
/// <param name="Alone">The other one.</param>
/// <param name="Pier">That one's pier.</param>
/// <param name="Watchdog">Ends what is left over.</param>
internal sealed record VereSubject(string Name, DemoMembers Members, IPEndPoint Http, VereAlone Alone, string Pier, Watchdog Watchdog);
