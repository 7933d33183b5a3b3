using System.Globalization;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Store;
using Seguro.Piers.Transfer;
using Seguro.Stores;
using Seguro.Testing;

// Seguro.Testing.Writer URL SHIP SEED [LARGE]
//
// Becomes master of the ship's log in the store and appends groups of events without end, their bytes following from SEED and their numbers;
// every seventh event has LARGE bytes. With "cut" for LARGE, and a pier for a store, it removes the last 20 events again and again. Prints "ack N"
// when the events up to N are committed. Ends when it is killed, or with code 1 and the error.
//
// Seguro.Testing.Writer URL import PIER POINT CERTIFICATES
//
// Imports a pier into the store, and kills itself at a point of that (DyingStore). CERTIFICATES may be empty.
//
// Seguro.Testing.Writer PIER vere SEED PAUSE LARGE
//
// Writes the pier's log as vere does (PierWriting), until it is killed.
if (args is [var written, "vere", var seedText, var pauseText, var largeText])
    return await PierWriting.RunAsync(
        written, ulong.Parse(seedText, CultureInfo.InvariantCulture), int.Parse(pauseText, CultureInfo.InvariantCulture),
        int.Parse(largeText, CultureInfo.InvariantCulture));
if (args is [var importUrl, "import", var pierPath, var point, var certificates])
{
    StoreOptions options = new() { Create = true, Certificates = certificates.Length > 0 ? certificates : null };
    await using DyingStore dying = new(await StoreConnection.OpenAsync(StoreUrl.Parse(importUrl), options, CancellationToken.None), int.Parse(point, CultureInfo.InvariantCulture));
    using Pier pier = Pier.Open(pierPath, PierAccess.Exclusive);
    await using EventLog importing = await PierImport.OpenLogAsync(pier, dying, CancellationToken.None);
    Lease seen = (await importing.ReadStateAsync(CancellationToken.None)).Lease;
    if (await importing.Stored.CampaignAsync(seen, $"import {Environment.ProcessId}", TimeSpan.FromMinutes(1), CancellationToken.None) is not LeaseOutcome.Done mine)
        return 1;
    await PierImport.RunAsync(pier, dying, importing, mine.Lease.Term, progress: null, TimeProvider.System, CancellationToken.None);
    return 0;
}
if (args.Length is < 3 or > 4)
{
    await Console.Error.WriteLineAsync("usage: Seguro.Testing.Writer URL SHIP SEED [LARGE]");
    return 2;
}
ulong seed = ulong.Parse(args[2], CultureInfo.InvariantCulture);
bool isCutting = args is [_, _, _, "cut"];
int large = args.Length == 4 && !isCutting ? int.Parse(args[3], CultureInfo.InvariantCulture) : 0;
try
{
    await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse(args[0]), new StoreOptions { Create = true }, CancellationToken.None);
    Dictionary<string, ReadOnlyMemory<byte>> metadata = [];
    IStoredLog stored = await store.CreateLogAsync(Ship.Parse(args[1]), Position.Origin, metadata, CancellationToken.None);
    await using EventLog log = new(stored, store.Capabilities);
    LogState state = await log.ReadStateAsync(CancellationToken.None);
    string name = $"writer {Environment.ProcessId} of term {state.Lease.Term.Next}";
    LeaseOutcome campaign = await stored.CampaignAsync(state.Lease, name, TimeSpan.FromSeconds(1), CancellationToken.None);
    if (campaign is not LeaseOutcome.Done won)
        throw new InvalidOperationException($"the campaign ended with {campaign}");
    Position head = state.Head.Position;
    await Console.Out.WriteLineAsync($"ack {head.Number}");
    for (int round = 0; ; round++)
    {
        int count = 1 + (round % 4);
        List<ReadOnlyMemory<byte>> payloads = [];
        for (int i = 1; i <= count; i++)
            payloads.Add(WriterPayload.Of(seed, head.Number.Value + (ulong)i, large));
        AppendResult result = await log.AppendAsync(won.Lease.Term, head, payloads, CancellationToken.None);
        if (!result.IsCommitted)
            throw new InvalidOperationException($"an append ended with {result.Outcome}");
        head = result.Reached;
        await Console.Out.WriteLineAsync($"ack {head.Number}");
        if (!isCutting || head.Number.Value < 40)
            continue;
        head = await log.ReadPositionAsync(new EventNumber(head.Number.Value - 20), CancellationToken.None);
        WriteOutcome cut = await ((LmdbStore)store).CutBackAsync(stored.Ship, won.Lease.Term, head, CancellationToken.None);
        if (cut is not WriteOutcome.Committed)
            throw new InvalidOperationException($"cutting back ended with {cut}");
        await Console.Out.WriteLineAsync($"ack {head.Number}");
    }
}
catch (Exception e) when (e is SeguroException or InvalidOperationException)
{
    await Console.Error.WriteLineAsync(e.ToString());
    return 1;
}
