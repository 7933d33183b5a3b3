using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Stores;
using Seguro.Vere.Guard;

namespace Seguro.Cli.Commands.Custodies;

/// <summary>The options by which a ship's owner says what no log can know, and names who else is to be asked.</summary>
internal static class OwnersOptions
{
    private static readonly Option<bool> MachineOff = new("--machine-off") { Description = "Your word: no vere will ever start the ship where it ran last. The machine is off for good, or the pier there is gone." };
    private static readonly Option<string?> Disk = new("--disk")
    {
        Description = "Your word on the disk there: read, its pier was copied after the ship had stopped; lost, it can't be read, and you go on without what it has.",
        HelpName = "read|lost",
    };

    private static readonly Option<ulong?> GiveUp = new("--give-up") { Description = "Go on although events up to N were computed and are not in this log.", HelpName = "N" };
    private static readonly Option<string[]> Ask = new("--ask") { Description = "Another store that may know of later events of the ship; several times for several.", HelpName = "URL", AllowMultipleArgumentsPerToken = true };

    /// <summary>Adds them.</summary>
    public static Command WithOwnersWord(this Command command)
    {
        command.Options.Add(MachineOff);
        command.Options.Add(Disk);
        command.Options.Add(GiveUp);
        command.Options.Add(Ask);
        return command;
    }

    /// <summary>What was said.</summary>
    public static OwnersWord WordOf(ParseResult parse) => new(
        parse.GetValue(MachineOff),
        parse.GetValue(Disk) switch
        {
            null => null,
            "read" => DiskFate.Read,
            "lost" => DiskFate.Lost,
            string other => throw new SeguroException(ErrorCode.BadValue, $"--disk {other}", "Write --disk read or --disk lost."),
        },
        new EventNumber(parse.GetValue(GiveUp) ?? 0));

    /// <summary>The store as its user named it, and the certificates for it, as words of a command.</summary>
    public static string UrlOf(ParseResult parse)
    {
        string named = parse.GetRequiredValue(CommonOptions.Store);
        string url = named.StartsWith('@') ? named : StoreUrl.Parse(named).ToString();
        return parse.GetValue(CommonOptions.Certificates) is { } folder ? $"{url} --certificates {folder}" : url;
    }

    /// <summary>Asks each other store that was named for its last event of the ship. One that can't be asked ends the command.</summary>
    public static async ValueTask<IReadOnlyList<KnownHead>> AskOthersAsync(ParseResult parse, Terminal terminal, Ship ship, CancellationToken cancel)
    {
        List<KnownHead> known = [];
        foreach (string named in parse.GetValue(Ask) ?? [])
        {
            await using IStore store = await CommonOptions.OpenStoreAsync(parse, terminal, named, StoreUse.Read, cancel);
            if (await store.OpenLogAsync(ship, cancel) is not { } stored)
                continue;
            await using EventLog log = new(stored, store.Capabilities);
            known.Add(new KnownHead($"the store {(named.StartsWith('@') ? named : StoreUrl.Parse(named).ToString())}", (await log.ReadStateAsync(cancel)).Head.Number));
        }
        return known;
    }
}
