using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Nouns;
using Seguro.Piers;
using Seguro.Stores;

namespace Seguro.Cli.Commands;

/// <summary>Options that several verbs have, and what they open.</summary>
internal static class CommonOptions
{
    /// <summary>
    /// How long a command that writes holds the lease between renewals: longer than a busy machine's disk keeps a renewal waiting, and what the next
    /// command waits where this one was killed.
    /// </summary>
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(6);

    /// <summary><c>--json</c>, everywhere.</summary>
    public static Option<bool> Json => CommandAction.Json;

    /// <summary><c>--store URL</c>.</summary>
    public static Option<string> Store { get; } = new("--store")
    {
        Description = "Where the log is kept: a store's URL (or the environment's SEGURO_STORE).",
        HelpName = "URL",
        Required = Environment.GetEnvironmentVariable("SEGURO_STORE") is null,
        DefaultValueFactory = static _ => Environment.GetEnvironmentVariable("SEGURO_STORE") ?? "",
    };

    /// <summary><c>--ship ~zod</c>.</summary>
    public static Option<string> Ship { get; } = new("--ship")
    {
        Description = "The ship, such as ~zod; may be left out where the store holds one ship only.",
        HelpName = "~SHIP",
    };

    /// <summary><c>--certificates FOLDER</c>.</summary>
    public static Option<string?> Certificates { get; } = new("--certificates")
    {
        Description = "The folder with the cluster's certificates, for dqlite:// and etcd:// (or the environment's SEGURO_CERTIFICATES).",
        HelpName = "FOLDER",
        DefaultValueFactory = static _ => Environment.GetEnvironmentVariable("SEGURO_CERTIFICATES"),
    };

    /// <summary><c>--allow-unsafe-settings</c>.</summary>
    public static Option<bool> AllowUnsafeSettings { get; } = new("--allow-unsafe-settings")
    {
        Description = "Use a database whose settings can lose commits (such as fsync=off), with a warning.",
    };

    /// <summary><c>--despite KINDS</c>.</summary>
    public static Option<string?> Despite { get; } = new("--despite")
    {
        Description = $"Take a pier's log although things in the pier prove that it is not all of it: {string.Join(',', PierEvidence.KnownNames)}; one or more, as the refusal names them.",
        HelpName = "KIND,KIND",
    };

    /// <summary>The kinds of evidence that <c>--despite</c> names.</summary>
    public static string[] DespiteOf(ParseResult parse) => parse.GetValue(Despite)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Adds the options that name a store.</summary>
    public static Command WithStore(this Command command)
    {
        command.Options.Add(Store);
        command.Options.Add(Certificates);
        command.Options.Add(AllowUnsafeSettings);
        command.Options.Add(Despite);
        return command;
    }

    /// <summary>Adds the options that name a ship's log in a store.</summary>
    public static Command WithLog(this Command command)
    {
        command.WithStore();
        command.Options.Add(Ship);
        return command;
    }

    /// <summary>Opens the store that <c>--store</c> names, and prints its warnings.</summary>
    public static ValueTask<IStore> OpenStoreAsync(ParseResult parse, Terminal terminal, StoreUse use, CancellationToken cancel) =>
        OpenStoreAsync(parse, terminal, parse.GetRequiredValue(Store), use, cancel);

    /// <summary>Opens a store by its URL, and prints its warnings.</summary>
    public static async ValueTask<IStore> OpenStoreAsync(ParseResult parse, Terminal terminal, string named, StoreUse use, CancellationToken cancel)
    {
        StoreUrl url = StoreUrl.Parse(named);
        StoreOptions options = new()
        {
            Create = use is StoreUse.Create,
            ReadOnly = use is StoreUse.Read,
            Certificates = parse.GetValue(Certificates),
            AllowUnsafeSettings = parse.GetValue(AllowUnsafeSettings),
            Despite = DespiteOf(parse),
        };
        IStore store = await StoreConnection.OpenAsync(url, options, cancel);
        foreach (string warning in store.Capabilities.Warnings)
            terminal.Warn(warning);
        return store;
    }

    /// <summary>The ship that <c>--ship</c> names, or the only one that the store holds.</summary>
    public static async ValueTask<Ship> ChooseShipAsync(ParseResult parse, IStore store, CancellationToken cancel)
    {
        if (parse.GetValue(Ship) is { Length: > 0 } name)
            return ShipName.ReadKey(name);
        IReadOnlyList<Ship> ships = await store.ListLogsAsync(cancel);
        return ships.Count switch
        {
            1 => ships[0],
            0 => throw new SeguroException(ErrorCode.NoSuchLog, "the store holds no log", "Put one in with `seguro pier import`."),
            _ => throw new SeguroException(
                ErrorCode.Usage, $"the store holds the logs of {ships.Count} ships: {string.Join(", ", ships.Take(8))}{(ships.Count > 8 ? ", …" : "")}", "Name one with --ship."),
        };
    }

    /// <summary>Opens an existing log.</summary>
    public static async ValueTask<EventLog> OpenLogAsync(ParseResult parse, IStore store, CancellationToken cancel)
    {
        Ship ship = await ChooseShipAsync(parse, store, cancel);
        if (await store.OpenLogAsync(ship, cancel) is { } log)
            return new EventLog(log, store.Capabilities);
        IReadOnlyList<Ship> ships = await store.ListLogsAsync(cancel);
        throw new SeguroException(
            ErrorCode.NoSuchLog,
            ships.Count == 0 ? $"the store holds no log of {ship}, nor of any other ship" : $"the store holds no log of {ship}, but of {string.Join(", ", ships.Take(8))}",
            "Check --store and --ship, put the log in with `seguro pier import`, or make an empty one with `seguro log append --create`.");
    }
}
