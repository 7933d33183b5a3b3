using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Owners;
using Seguro.Node.Configuration;

namespace Seguro.Cli.Commands.Harbor;

/// <summary><c>seguro harbor owner</c>: who may use a service, for its provider. Works on the storage; running instances know within seconds.</summary>
internal static class HarborOwnerCommand
{
    private static readonly Argument<string> Owner = new("OWNER") { Description = "The owner's name at this service, such as the planet's without its tilde: sampel-palnet." };
    private static readonly Argument<string> PublicKey = new("KEY") { Description = "The owner's public key: the 64 hexadecimal digits that `seguro harbor key access` showed." };
    private static readonly Option<bool> AddsOnly = new("--add-only") { Description = "This key adds and reads, and removes nothing: for the machine where the ship runs." };
    private static readonly Option<string> Bytes = new("--bytes")
    {
        Description = "The most bytes that the owner may hold, such as 500MiB.",
        HelpName = "SIZE",
        DefaultValueFactory = static _ => "100GiB",
    };

    private static readonly Option<long> Objects = new("--objects") { Description = "The most objects that the owner may hold.", HelpName = "N", DefaultValueFactory = static _ => OwnerRecord.UsualObjects };
    private static readonly Option<string?> OneKey = new("--key") { Description = "Only this key; without it, all of the owner's.", HelpName = "KEY" };
    private static readonly Option<bool> Count = new("--count") { Description = "Count what each holds, too: a list of the storage for each owner." };
    private static readonly Argument<string?> SomeOwner = new("OWNER") { Description = "Only this owner.", Arity = ArgumentArity.ZeroOrOne };

    /// <summary>The storage of a service.</summary>
    public static Argument<string> Storage { get; } = new("STORAGE") { Description = "Where the service keeps everything: any target but harbor:, such as file:/srv/harbor or @FILE with the URL in it." };

    public static Command Create(Terminal terminal) => new("owner", "Who may use a harbor's service; for its provider.")
    {
        new Command("add", "Let a key use the service in an owner's name; or change what it may.") { Storage, Owner, PublicKey, AddsOnly, Bytes, Objects }
            .Does(terminal, (parse, cancel) => WithStorageAsync(parse, async storage =>
            {
                OwnerRecord record = new(
                    parse.GetRequiredValue(Owner), parse.GetRequiredValue(PublicKey), ReadSize(parse.GetRequiredValue(Bytes)),
                    parse.GetValue(Objects), parse.GetValue(AddsOnly), DateTimeOffset.UtcNow);
                await new OwnerRegistry(storage).AddAsync(record, cancel);
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(Summary(record));
                else
                    terminal.Output.WriteLine($"ok {record.Owner} may hold {ByteSize.Format(record.Bytes)} in {record.Objects:N0} objects; this key {Rights(record)}");
                return 0;
            })),
        new Command("list", "Show the owners, their keys, and what they may hold.") { Storage, SomeOwner, Count }
            .Does(terminal, (parse, cancel) => WithStorageAsync(parse, storage => ListAsync(parse, terminal, new OwnerRegistry(storage), cancel))),
        new Command("remove", "Take an owner's keys away. What he holds stays, and is his again when a key is added.") { Storage, Owner, OneKey }
            .Does(terminal, (parse, cancel) => WithStorageAsync(parse, async storage =>
            {
                string owner = parse.GetRequiredValue(Owner);
                int removed = await new OwnerRegistry(storage).RemoveAsync(owner, parse.GetValue(OneKey), cancel);
                if (removed == 0)
                    throw new SeguroException(ErrorCode.NotFound, $"{owner} has no such key", "See who has: `seguro harbor owner list`.");
                if (parse.GetValue(CommonOptions.Json))
                    terminal.Json(new { owner, removed });
                else
                    terminal.Output.WriteLine($"ok {removed} of {owner}'s keys removed; running instances know within 15 s");
                return 0;
            })),
    };

    /// <summary>Opens a service's storage, does something with it, and closes it.</summary>
    public static async Task<int> WithStorageAsync(ParseResult parse, Func<IHarborTarget, Task<int>> run)
    {
        await using IHarborTarget storage = HarborTarget.Open(parse.GetRequiredValue(Storage));
        return storage is IHarborAccount ? throw new SeguroException(ErrorCode.BadValue, $"{storage.Name} is a service itself", "Name a folder, a bucket or an SFTP server.") : await run(storage);
    }

    private static async Task<int> ListAsync(ParseResult parse, Terminal terminal, OwnerRegistry registry, CancellationToken cancel)
    {
        bool json = parse.GetValue(CommonOptions.Json);
        List<Described> all = [];
        string? counted = null;
        (long Bytes, long Objects) held = default;
        await foreach ((string owner, string key) in registry.ListAsync(parse.GetValue(SomeOwner), cancel))
        {
            if (await registry.FindAsync(owner, key, cancel) is not { } record)
                continue;
            if (parse.GetValue(Count) && counted != owner)
                (counted, held) = (owner, await registry.CountAsync(owner, cancel));
            if (json)
                all.Add(parse.GetValue(Count) ? Summary(record) with { Bytes = held.Bytes, Objects = held.Objects } : Summary(record));
            else
                terminal.Output.WriteLine($"{owner} {key}: {(parse.GetValue(Count) ? $"{ByteSize.Format(held.Bytes)} in {held.Objects:N0} objects of " : "up to ")}{ByteSize.Format(record.Bytes)} in {record.Objects:N0}; {Rights(record)}");
        }
        if (json)
            terminal.Json(new { owners = all });
        return 0;
    }

    private static Described Summary(OwnerRecord record) => new(record.Owner, record.Key, record.Bytes, record.Objects, record.AddsOnly ? "add" : "all");

    private static string Rights(OwnerRecord record) => record.AddsOnly ? "adds and reads" : "adds, reads and removes";

    private static long ReadSize(string text) => Quantity.TryParseSize(text, out long bytes) && bytes > 0
        ? bytes
        : throw new SeguroException(ErrorCode.BadValue, $"--bytes: '{text}' is no size", "Write one such as 500MiB or 100GiB.");

    private sealed record Described(string Owner, string Key, long BytesMost, long ObjectsMost, string Rights, long? Bytes = null, long? Objects = null);
}
