using System.CommandLine;
using Seguro.Balancer;
using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Cluster.Keys;

/// <summary><c>seguro cluster keys remove</c>: the key of a member that left opens nothing at the balancer any more.</summary>
internal static class KeysRemoveCommand
{
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where `cluster init` wrote." };
    private static readonly Argument<string> Name = new("NAME") { Description = "The member that left." };

    public static Command Create(Terminal terminal) =>
        new Command("remove", "Take the keys of a member that left out of the balancer's ring; then copy the ring to the balancer.") { Folder, Name }
            .Does(terminal, (parse, _) =>
            {
                string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
                string name = parse.GetRequiredValue(Name);
                string path = Path.Combine(root, ClusterFolder.RingFile);
                if (!File.Exists(path))
                    throw new SeguroException(ErrorCode.NotFound, $"there is no {path}", "Name the folder that `seguro cluster init` made.");
                int before = 0;
                KeyRing left = KeyRingStore.Change(root, ring =>
                {
                    before = ring.Entries.Count;
                    return ring.Without(name);
                });
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { ring = path, removed = before - left.Entries.Count, members = left.Entries.Select(static entry => entry.Member).Distinct() });
                else if (left.Entries.Count == before)
                    terminal.Output.WriteLine($"There was no key of {name} in {path}.");
                else
                    terminal.Output.WriteLine($"Copy {path} to the balancer, over the old one: it takes it within a second, and nothing of {name} any more.");
                return Task.FromResult(0);
            });
}
