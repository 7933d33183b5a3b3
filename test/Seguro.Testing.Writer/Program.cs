using System.Globalization;
using Seguro.Core;
using Seguro.Piers.Store;
using Seguro.Stores;
using Seguro.Testing;

// Seguro.Testing.Writer URL SHIP SEED [LARGE]
//
// Becomes master of the ship's log in the store and appends groups of events without end, their bytes following from SEED and their numbers;
// every seventh event has LARGE bytes. With "cut" for LARGE, and a pier for a store, it removes the last 20 events again and again. Prints "ack N" when the events up to N are committed. Ends when it is killed, or with code 1 and the error.
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
