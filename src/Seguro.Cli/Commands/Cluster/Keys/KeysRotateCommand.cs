using System.CommandLine;
using Seguro.Balancer;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands.Cluster.Keys;

/// <summary><c>seguro cluster keys rotate</c>: new keys between members and balancer, while they run.</summary>
internal static class KeysRotateCommand
{
    private static readonly Argument<string> Folder = new("FOLDER") { Description = "Where `cluster init` wrote." };
    private static readonly Argument<string[]> Names = new("NAME") { Description = "The members; all where left out.", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string> Window = new("--window") { Description = "For how long the balancer takes the old keys, too.", HelpName = "TIME", DefaultValueFactory = static _ => "24h" };

    public static Command Create(Terminal terminal) =>
        new Command("rotate", "Make new keys for members and the balancer. Copy the balancer's first; nothing has to be started anew. Example: seguro cluster keys rotate zod m2") { Folder, Names, Window }
            .Does(terminal, (parse, _) =>
            {
                string root = Path.GetFullPath(parse.GetRequiredValue(Folder));
                string[] names = parse.GetValue(Names) ?? [];
                if (!Quantity.TryParseDuration(parse.GetRequiredValue(Window), out TimeSpan window))
                    throw new SeguroException(ErrorCode.BadValue, $"--window {parse.GetRequiredValue(Window)}", "Write a duration such as 90s, 24h or 0s.");
                NodeConfiguration[] members = [.. ClusterFolder.Members(root).Where(static member => member.BalancerKey is not null)];
                if (members.Length == 0)
                    throw new SeguroException(ErrorCode.NotFound, $"there is no member with a balancer in {root}", "Name the folder that `seguro cluster init` made.");
                if (names.FirstOrDefault(name => !members.Any(member => member.Self.Name == name)) is { } unknown)
                    throw new SeguroException(ErrorCode.NotFound, $"there is no folder of '{unknown}' in {root}", $"There are {string.Join(", ", members.Select(static member => member.Self.Name))}.");
                NodeConfiguration[] chosen = [.. members.Where(member => names.Length == 0 || names.Contains(member.Self.Name))];
                MemberKey[] keys = [.. chosen.Select(static _ => MemberKey.Create())];
                DateTimeOffset until = DateTimeOffset.UtcNow + window;
                // The ring first: a member's new key is of no use before the balancer knows it.
                KeyRingStore.Change(root, ring => chosen.Zip(keys).Aggregate(ring, (changed, pair) => changed.With(pair.First.Self.Name, pair.Second, until)));
                for (int index = 0; index < chosen.Length; index++)
                    KeyRingStore.WriteKey(chosen[index].BalancerKey!, keys[index]);
                if (parse.GetValue(CommonOptions.Json))
                {
                    terminal.Json(new
                    {
                        ring = Path.Combine(root, ClusterFolder.RingFile),
                        rotated = chosen.Select(static member => new { name = member.Self.Name, key = member.BalancerKey }),
                        oldUntil = until.UtcDateTime,
                    });
                }
                else
                {
                    terminal.Output.WriteLine($"First copy {Path.Combine(root, ClusterFolder.RingFile)} to the balancer, over the old one: it takes both keys of each member until {until.UtcDateTime:u}.");
                    foreach (NodeConfiguration member in chosen)
                        terminal.Output.WriteLine($"Then {member.BalancerKey} to {member.Self.Name}.");
                    terminal.Output.WriteLine("Whoever runs takes the new file within a second: nothing has to be started anew.");
                }
                return Task.FromResult(0);
            });
}
