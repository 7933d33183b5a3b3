using System.CommandLine;
using System.Globalization;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Targets;
using Seguro.Nouns;

namespace Seguro.Cli.Commands.Harbor;

/// <summary>What the verbs of <c>seguro harbor</c> share.</summary>
internal static class HarborArgument
{
    private const string DefaultIdentity = "SEGURO_HARBOR_IDENTITY";

    /// <summary>The targets.</summary>
    public static Argument<string[]> Targets { get; } = new("TARGET")
    {
        Description = $"Where the harbor is, one or more: {HarborTarget.Forms}; or @FILE with the URL in it. The first is asked first.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary><c>--ship ~zod</c>, needed: nothing in a harbor says whose it is.</summary>
    public static Option<string> Ship { get; } = new("--ship") { Description = "The ship, such as ~zod.", HelpName = "~SHIP", Required = true };

    /// <summary><c>--identity FILE</c>.</summary>
    public static Option<string> Identity { get; } = new("--identity")
    {
        Description = $"The owner's identity file (or the environment's {DefaultIdentity}).",
        HelpName = "FILE",
        Required = Environment.GetEnvironmentVariable(DefaultIdentity) is null,
        DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(DefaultIdentity) ?? "",
    };

    /// <summary><c>--key FILE</c>.</summary>
    public static Option<string> Key { get; } = new("--key") { Description = "The host's key file, NAME.harbor: it encrypts and signs, and opens nothing.", HelpName = "FILE", Required = true };

    /// <summary>Opens the targets that were named, does something with them, and closes them.</summary>
    public static async Task<int> WithTargetsAsync(ParseResult parse, Func<IReadOnlyList<IHarborTarget>, Task<int>> run)
    {
        List<IHarborTarget> targets = [];
        try
        {
            foreach (string url in parse.GetRequiredValue(Targets))
                targets.Add(HarborTarget.Open(url));
            return await run(targets);
        }
        finally
        {
            foreach (IHarborTarget target in targets)
                await target.DisposeAsync();
        }
    }

    /// <summary>Opens a ship's backup with the owner's identity, does something with it, and closes it. Damage is told as it is found.</summary>
    public static Task<int> WithReaderAsync(ParseResult parse, Terminal terminal, Func<HarborReader, Task<int>> run, CancellationToken cancel) => WithTargetsAsync(parse, async targets =>
    {
        using OwnerKey owner = OwnerKey.Read(parse.GetRequiredValue(Identity));
        HarborReader reader = await HarborReader.OpenAsync(
            targets, owner, ShipName.ReadKey(parse.GetRequiredValue(Ship)), damage => terminal.Warn(damage.ToString()), TimeProvider.System, cancel);
        foreach (HarborCopy copy in reader.Copies.Where(static copy => copy.Problem is not null))
            terminal.Warn($"{copy.Target} can't be used: {copy.Problem!.Message} ({copy.Problem.CodeText})");
        return await run(reader);
    });

    /// <summary>Says that something is damaged or away and that other targets made up for it: exit code 4.</summary>
    public static int Degraded(Terminal terminal, HarborReader reader)
    {
        string[] targets = [.. reader.Damage.Select(static one => one.Target).Concat(reader.Copies.Where(static copy => copy.Problem is not null).Select(static copy => copy.Target)).Distinct()];
        if (targets.Length == 0)
            return 0;
        terminal.Report(
            new SeguroException(
                ErrorCode.HarborDegraded, $"all events of {reader.Ship} can be had, but not all of them from {string.Join(", ", targets)}", "Repair it: `seguro harbor verify` with all targets and --repair NAME.harbor."),
            json: false);
        return 4;
    }

    /// <summary>An event, or a time: what <c>--to</c> says.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>; what looking for the time throws.</exception>
    public static async Task<EventNumber?> ReadToAsync(HarborReader reader, string? to, CancellationToken cancel)
    {
        if (to is null)
            return null;
        if (ulong.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
            return new EventNumber(number);
        if (DateAtom.TryParse(to, out UInt128 date) && DateAtom.TryToTime(date, out DateTimeOffset urbit))
            return await reader.FindAsync(urbit, cancel);
        return DateTimeOffset.TryParse(to, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? await reader.FindAsync(time, cancel)
            : throw new SeguroException(ErrorCode.BadValue, $"'{to}' is neither an event's number nor a time", "Write 4711, 2026-11-30T04:00:00Z or ~2026.11.30..04.00.00.");
    }
}
