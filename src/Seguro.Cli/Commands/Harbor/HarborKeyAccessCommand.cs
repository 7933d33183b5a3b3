using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Harbor.Format;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor key access</c>: the key by which a service knows an owner.</summary>
internal static class HarborKeyAccessCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> name = new("NAME") { Description = "What the file's name begins with: NAME.access." };
        return new Command("access", "Make the key by which a harbor's service (harbor:) knows its owner, and show the public one, for the provider. It opens nothing.") { name }
            .Does(terminal, (parse, _) =>
            {
                string path = parse.GetRequiredValue(name);
                string known = AccessKey.Create(path);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { access = AccessKey.FileOf(path), publicKey = known });
                else
                    terminal.Fields(("access key", AccessKey.FileOf(path)), ("public key", known), ("next", $"give the provider the public key: seguro harbor owner add STORAGE OWNER {known}"));
                return Task.FromResult(0);
            });
    }
}
