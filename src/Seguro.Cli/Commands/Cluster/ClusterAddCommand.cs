using System.CommandLine;
using Seguro.Balancer;
using Seguro.Cli.Commands.Cluster.Keys;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Configuration;
using Seguro.Node.Links;

namespace Seguro.Cli.Commands.Cluster;

/// <summary><c>seguro cluster add</c>: certificate, key and configuration of one more member.</summary>
internal static class ClusterAddCommand
{
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where `cluster init` wrote, with the authority's key." };
    private static readonly Argument<string> Name = new("NAME") { Description = "The new member's name." };
    private static readonly Option<string> Host = new("--host") { Description = "Its machine.", HelpName = "HOST", DefaultValueFactory = static _ => ClusterFolder.Loopback };
    private static readonly Option<int?> BasePort = new("--base-port") { Description = "The first of its three ports; free ones on this machine, else 7500.", HelpName = "PORT" };

    public static Command Create(Terminal terminal) =>
        new Command("add", "Make the folder of one more member; then start it there, and let it join.") { Folder, Name, Host, BasePort }
            .Does(terminal, (parse, _) =>
            {
                string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
                string name = MemberName.Check(parse.GetRequiredValue(Name));
                string host = parse.GetRequiredValue(Host);
                NodeConfiguration[] known = [.. ClusterFolder.Members(root)];
                if (known.Length == 0)
                    throw new SeguroException(ErrorCode.NotFound, $"there is no member's configuration in {root}", "Name the folder that `seguro cluster init` made.");
                int[] ports = host == ClusterFolder.Loopback && parse.GetValue(BasePort) is null
                    ? FreePorts.Take(3)
                    : [.. Enumerable.Range(parse.GetValue(BasePort) ?? ClusterFolder.UsualPort, 3)];
                NodeConfiguration like = known.MaxBy(static configuration => configuration.Members.Count)!;
                // The highest that was ever given, as far as this folder knows.
                ulong id = like.IsEmbedded ? ClusterFolder.NextNumber(root, known.SelectMany(static configuration => configuration.Members).Max(static member => member.Id)) : 0;
                MemberAddresses added = new(name, new HostAddress(host, ports[0]), like.IsEmbedded ? new HostAddress(host, ports[1]) : null, id);
                ConfigurationWriter writer = new()
                {
                    Cluster = like.Cluster,
                    Ship = like.Ship,
                    Kind = like.ShipKind,
                    Fake = like.Fake,
                    Kernel = like.Kernel,
                    VereBinary = like.VereBinary,
                    VereArguments = string.Join(' ', like.VereArguments),
                    Members = [.. like.Members, added],
                    Store = like.Store,
                    Optimism = like.Optimism.Replicas,
                    Balancer = like.Balancer,
                };
                string folder = Path.Combine(root, name);
                string file = Path.Combine(folder, ConfigurationReader.DefaultFile);
                string text = writer.Write(name, like.Udp is null ? null : new HostAddress(host, ports[2]));
                using (CertificateAuthority authority = CertificateAuthority.Open(root))
                    authority.Issue(Path.Combine(folder, "certificates"), new ClusterIdentity(like.Cluster, name), ClusterFolder.Reached(host));
                if (like.Balancer is not null)
                {
                    MemberKey key = MemberKey.Create();
                    ClusterFolder.Write(Path.Combine(folder, ClusterFolder.KeyFile), key.ToSecretText() + "\n");
                    KeyRingStore.Change(root, ring => new KeyRing([.. ring.Without(name).Entries, new KeyRingEntry(name, key, null)]));
                }
                ClusterFolder.Write(file, text);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { name, id, links = added.Links.ToString(), dqlite = added.Dqlite?.ToString(), configuration = file });
                else
                    terminal.Output.WriteLine($"Start it{(added.Links.IsLoopback ? "" : $" on {host}, with a copy of {folder}")}{(like.Balancer is null ? "" : $", and {ClusterFolder.RingFile} to the balancer")}; it asks to be let in. Then let it join:\n  seguro run -c {file}\n  seguro cluster join {name} -c {Path.Combine(root, like.Self.Name, ConfigurationReader.DefaultFile)}");
                return Task.FromResult(0);
            });
}
