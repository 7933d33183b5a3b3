using Seguro.Core;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Testing;

namespace Seguro.Tests.Piers.Transfer;

/// <summary>Piers in a temporary folder, and what tests do with them and a store.</summary>
sealed class TransferFixture : IDisposable
{
    public static readonly PierIdentity Identity = new(0x1_0000, IsFake: true, Life: 5);

    private readonly TemporaryFolder _folder = new("transfer");
    private int _made;

    public string this[string name] => _folder[name];

    /// <summary>Payloads of a pier that are all different; sizes from 5 bytes.</summary>
    public static byte[][] MakeEvents(int count, int seed = 1, int largest = 60)
    {
        Random random = new(seed);
        byte[][] events = new byte[count][];
        for (int i = 0; i < count; i++)
        {
            events[i] = new byte[random.Next(5, largest + 1)];
            random.NextBytes(events[i]);
        }
        return events;
    }

    /// <summary>The chain over payloads, computed without any of the code under test.</summary>
    public static Position ChainOf(IEnumerable<byte[]> events, ulong baseNumber = 0)
    {
        using ChainHasher hasher = new();
        Position position = new(new EventNumber(baseNumber), Chain.Zero);
        foreach (byte[] payload in events)
            position = new Position(position.Number.Next, hasher.Next(position.Chain, position.Number.Next, payload));
        return position;
    }

    /// <summary>Writes a pier and opens it.</summary>
    public Pier MakePier(IEnumerable<byte[]> events, ulong baseNumber = 0, PierIdentity? identity = null)
    {
        string path = _folder[$"pier{_made++}"];
        using (PierWriter writer = PierWriter.Create(path, identity ?? Identity, new EventNumber(baseNumber), "4.6"))
        {
            EventNumber number = new(baseNumber);
            foreach (byte[] payload in events)
                writer.Append(number = number.Next, payload);
            writer.Complete();
        }
        return Pier.Open(path, PierAccess.Exclusive);
    }

    /// <summary>Opens the log of a pier's ship, making it as an importing command does.</summary>
    public static async Task<EventLog> OpenLogAsync(Pier pier, IStore store, CancellationToken cancel) => await PierImport.OpenLogAsync(pier, store, cancel);

    /// <summary>Takes the lease of a log.</summary>
    public static async Task<Term> CampaignAsync(EventLog log, CancellationToken cancel)
    {
        Lease seen = (await log.ReadStateAsync(cancel)).Lease;
        LeaseOutcome outcome = await log.Stored.CampaignAsync(seen, $"test-{Guid.NewGuid()}", TimeSpan.FromMinutes(1), cancel);
        return ((LeaseOutcome.Done)outcome).Lease.Term;
    }

    /// <summary>Imports a pier as a command does, log and lease included.</summary>
    public static async Task<PierImportResult> ImportAsync(Pier pier, IStore store, CancellationToken cancel, IProgress<TransferProgress>? progress = null)
    {
        await using EventLog log = await OpenLogAsync(pier, store, cancel);
        Term term = await CampaignAsync(log, cancel);
        PierImportResult result = await PierImport.RunAsync(pier, store, log, term, progress, TimeProvider.System, cancel);
        await log.Stored.ResignAsync((await log.ReadStateAsync(cancel)).Lease, cancel);
        return result;
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Calls back at once, on the thread that reports.</summary>
    public sealed class Watcher(Action<TransferProgress> see) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => see(value);
    }
}
