using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Stores.Dqlite;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro cluster init</c>: a certificate authority and a folder of certificates for each member.</summary>
internal static class ClusterInitCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> folder = new("FOLDER") { Description = "Where to write; made where it is missing." };
        Option<string[]> members = new("--member")
        {
            Description = "Where a member's dqlite node will be reached; once for each member.",
            HelpName = "HOST:PORT",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string> cluster = new("--cluster") { Description = "The cluster's name.", HelpName = "NAME", DefaultValueFactory = static _ => "seguro" };
        return new Command("init", "Make the certificates of a new dqlite cluster, and say how to start its nodes.") { folder, members, cluster }
            .Does(terminal, (parse, _) =>
            {
                string root = Path.GetFullPath(parse.GetRequiredValue(folder));
                string name = parse.GetRequiredValue(cluster);
                DqliteAddress[] addresses = [.. parse.GetRequiredValue(members).Select(NodeAddress.Parse)];
                if (addresses.Distinct().Count() != addresses.Length)
                    throw new SeguroException(ErrorCode.BadValue, "two members have the same address", "Give each member an address of its own.");
                using (CertificateAuthority authority = CertificateAuthority.Create(root, name))
                {
                    for (int index = 0; index < addresses.Length; index++)
                        authority.Issue(Path.Combine(root, $"member{index + 1}"), $"member {index + 1}", [addresses[index].Host]);
                    authority.Issue(Path.Combine(root, "client"), "client", ["localhost"]);
                }
                string url = "dqlite://" + string.Join(',', addresses.Select(static address => address.ToString()));
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new { cluster = name, folder = root, members = addresses.Select(static address => address.ToString()), store = url });
                    return Task.FromResult(0);
                }
                terminal.Output.WriteLine($"The certificates of cluster '{name}' are in {root}. Keep ca.key secret: who has it can join.");
                terminal.Output.WriteLine("Copy each member's folder to its machine, and start there:");
                for (int index = 0; index < addresses.Length; index++)
                {
                    string role = index == 0 ? "--bootstrap" : $"--join {addresses[0]}";
                    terminal.Output.WriteLine($"  seguro dqlite-node --id {index + 1} --address {addresses[index]} --cluster {name} --certificates member{index + 1} --folder data{index + 1} {role}");
                }
                terminal.Output.WriteLine($"Then use it from anywhere with the folder 'client':\n  seguro pier import PIER --store {url} --certificates client");
                return Task.FromResult(0);
            });
    }
}
