using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Identity;

namespace Seguro.Cli.Commands.Cluster.Certificates;

/// <summary><c>seguro cluster certificates show</c>: whose the certificates of a folder are, and when they expire.</summary>
internal static class CertificatesShowCommand
{
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where `cluster init` wrote, or a folder with ca.crt and member.crt." };

    public static Command Create(Terminal terminal) =>
        new Command("show", "Show whose certificates these are, by which names and addresses they are good, and until when; exit code 4 where one expires within thirty days.") { Folder }
            .Does(terminal, (parse, _) =>
            {
                string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
                DateTime soon = DateTime.UtcNow + ClusterCertificates.WarnBefore;
                List<ShownCertificate> shown = [];
                foreach (string file in FilesOf(root))
                {
                    using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(file);
                    shown.Add(ShownCertificate.Of(file, certificate));
                }
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new { certificates = shown });
                }
                else
                {
                    foreach (ShownCertificate certificate in shown)
                    {
                        terminal.Output.WriteLine($"{certificate.File}: {certificate.Identity ?? certificate.Subject}{(certificate.Hosts.Count > 0 ? $", reached by {string.Join(", ", certificate.Hosts)}" : "")}, until {certificate.Until:u}");
                        if (certificate.Problem is { } problem)
                            terminal.Warn($"{certificate.File} is of no use: {problem}. Issue a new one: seguro cluster certificates renew.");
                        if (certificate.Until < soon)
                            terminal.Warn($"{certificate.File} {(certificate.Until < DateTime.UtcNow ? "has expired" : $"expires in {(certificate.Until - DateTime.UtcNow).TotalDays:0.#} days")}. Issue a new one: seguro cluster certificates renew.");
                    }
                }
                return Task.FromResult(shown.Any(certificate => certificate.Until < soon || certificate.Problem is not null) ? 4 : 0);
            });

    private static IEnumerable<string> FilesOf(string root)
    {
        string[] files = [.. new[] { ClusterCertificates.AuthorityFile, ClusterCertificates.MemberFile }.Select(file => Path.Combine(root, file)).Where(File.Exists)];
        if (File.Exists(Path.Combine(root, ClusterCertificates.AuthorityKeyFile)))
            files = [.. files, .. IssuedCertificate.Find(root).Select(static certificate => Path.Combine(certificate.Folder, ClusterCertificates.MemberFile)).Where(File.Exists).Except(files)];
        return files.Length > 0
            ? files
            : throw new SeguroException(ErrorCode.NotFound, $"there is no certificate in {root}", "Name the folder that `seguro cluster init` made, or a member's folder of certificates.");
    }
}
