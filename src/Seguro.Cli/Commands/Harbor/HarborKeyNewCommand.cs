using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Harbor.Format;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor key new</c>: the owner's identity and the host's key.</summary>
internal static class HarborKeyNewCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> name = new("NAME") { Description = "What the files' names begin with: NAME.identity for the owner, NAME.harbor for the host." };
        Option<string[]> recipients = new("--recipient") { Description = "Somebody else who shall be able to open the backup (a second owner, a key in a safe): age1…; may be given several times.", HelpName = "age1…" };
        return new Command("new", "Make the keys of a harbor: the owner's identity, which opens it, and the host's key, which can only add to it.") { name, recipients }
            .Does(terminal, (parse, _) =>
            {
                string path = parse.GetRequiredValue(name);
                AgeRecipient recipient = HarborKeys.Create(path, [.. (parse.GetValue(recipients) ?? []).Select(AgeRecipient.Parse)]);
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new { identity = HarborKeys.OwnerFile(path), host = HarborKeys.HostFile(path), recipient = recipient.ToString() });
                }
                else
                {
                    terminal.Fields(("identity", HarborKeys.OwnerFile(path)), ("host key", HarborKeys.HostFile(path)), ("recipient", recipient.ToString()));
                    terminal.Warn($"take {HarborKeys.OwnerFile(path)} away from this machine, and keep two copies: without it nobody can open the backup, and with it anybody can");
                }
                return Task.FromResult(0);
            });
    }
}
