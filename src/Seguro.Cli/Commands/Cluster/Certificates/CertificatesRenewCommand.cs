using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Cli.Commands.Cluster.Certificates;

/// <summary><c>seguro cluster certificates renew</c>: new certificates and keys for members, while they run.</summary>
internal static class CertificatesRenewCommand
{
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where `cluster init` wrote, with the authority's key." };
    private static readonly Argument<string[]> Names = new("NAME") { Description = "The members; all, and the client, where left out.", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string[]> Host = new("--host") { Description = "A name or address by which the one member that is named is reached from now on, in place of the old ones; may be repeated.", HelpName = "HOST" };
    private static readonly Option<int> Days = new("--days") { Description = "For how long they are good.", HelpName = "N", DefaultValueFactory = static _ => CertificateAuthority.UsualDays };

    public static Command Create(Terminal terminal) =>
        new Command("renew", "Issue new certificates in place of the old ones; running members take them with their next connections. Example: seguro cluster certificates renew zod m2 --host 10.0.0.9")
        {
            Folder, Names, Host, Days,
        }.Does(terminal, (parse, _) =>
        {
            string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
            string[] names = parse.GetValue(Names) ?? [];
            string[] hosts = parse.GetValue(Host) ?? [];
            if (hosts.Length > 0 && names.Length != 1)
                throw new SeguroException(ErrorCode.Usage, "--host says where one member is reached", "Name that member.");
            IReadOnlyList<IssuedCertificate> all = IssuedCertificate.Find(root);
            foreach (string name in names)
            {
                if (!all.Any(certificate => certificate.Identity.Name == name))
                    throw new SeguroException(ErrorCode.NotFound, $"there is no folder of '{name}' in {root}", $"There are {string.Join(", ", all.Select(static certificate => certificate.Identity.Name))}.");
            }
            List<object> renewed = [];
            using (CertificateAuthority authority = CertificateAuthority.Open(root))
            {
                foreach (IssuedCertificate certificate in all.Where(certificate => names.Length == 0 || names.Contains(certificate.Identity.Name)))
                    renewed.Add(Renew(terminal, parse, authority, certificate, hosts, parse.GetValue(Days)));
            }
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { renewed });
            else
                terminal.Output.WriteLine($"Copy each folder's files to its machine, over the old ones. A member that runs takes them with its next connections: nothing has to be started anew.");
            return Task.FromResult(0);
        });

    private static object Renew(Terminal terminal, ParseResult parse, CertificateAuthority authority, IssuedCertificate certificate, string[] hosts, int days)
    {
        using X509Certificate2? old = certificate.Read();
        string[] reached = hosts.Length > 0 ? hosts : old is null ? [] : [.. CertificateAuthority.HostsOf(old)];
        if (reached.Length == 0)
            reached = [.. certificate.Hosts.SelectMany(ClusterFolder.Reached)];
        authority.Renew(certificate.Folder, certificate.Identity, reached, days);
        using X509Certificate2 issued = certificate.Read()!;
        if (!parse.GetValue(CommonOptions.Json))
            terminal.Output.WriteLine($"{certificate.Identity.Name}: {certificate.Folder}, good for {string.Join(", ", reached)} until {issued.NotAfter.ToUniversalTime():u}");
        return new { name = certificate.Identity.Name, identity = certificate.Identity.Uri, folder = certificate.Folder, hosts = reached, until = issued.NotAfter.ToUniversalTime() };
    }
}
