using System.Security.Cryptography;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>
/// Does the same operations to a log of the model and to one of a store and compares every outcome. What an operation means is
/// decided by the model's state, which is the store's too as long as no difference was found.
/// </summary>
/// <param name="model">The model's log.</param>
/// <param name="capabilities">What the store can do.</param>
internal sealed class LogOperations(IStoredLog model, StoreCapabilities capabilities)
{
    private const int StagedFragment = 8;

    private static readonly string[] Candidates = ["one", "two"];
    private static readonly string[] Keys = ["color", "size"];
    private static readonly ReadOnlyMemory<byte>?[] Values = [null, ReadOnlyMemory<byte>.Empty, new byte[] { 1 }, new byte[] { 1, 2 }];

    private readonly List<Position> _positions = [Position.Origin];
    private Append? _last;
    private Func<IStoredLog, Task<string>>? _again;
    private ulong _seed;
    private Lease _before;

    /// <summary>Does one operation to both; an error says how the outcomes differ.</summary>
    public async Task RunAsync(LogOperation operation, IStoredLog store, CancellationToken cancel)
    {
        LogState state = await model.ReadStateAsync(cancel);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await model.ReadMetadataAsync(cancel);
        Func<IStoredLog, Task<string>> act = Mean(operation, state, metadata, cancel);
        string expected = await SayAsync(act, model);
        string actual = await SayAsync(act, store);
        Same($"{operation}", expected, actual);
        LogState after = await model.ReadStateAsync(cancel);
        if (after.Lease.Term != state.Lease.Term)
            _before = state.Lease;
        if (_last is { } last && after.Head.Position == last.Last && after.Head != state.Head)
            _positions.AddRange(last.Events.Select(static added => new Position(added.Number, added.Chain)));
        Same($"the state after {operation}", $"{after}", $"{await store.ReadStateAsync(cancel)}");
    }

    /// <summary>Compares everything that both hold.</summary>
    public async Task CompareAsync(IStoredLog store, CancellationToken cancel)
    {
        LogState state = await model.ReadStateAsync(cancel);
        Same("the state", $"{state}", $"{await store.ReadStateAsync(cancel)}");
        Same("the events", await ReadAsync(model, state, state.First, state.Head.Number, cancel), await ReadAsync(store, state, state.First, state.Head.Number, cancel));
        Same("the metadata", await MetadataAsync(model, cancel), await MetadataAsync(store, cancel));
        for (ulong number = 0; number <= state.Head.Number.Value + 2; number++)
        {
            EventNumber at = new(number);
            Same($"the chain at {number}", $"{await model.ReadChainAsync(at, cancel)}", $"{await store.ReadChainAsync(at, cancel)}");
        }
    }

    private Func<IStoredLog, Task<string>> Mean(
        LogOperation operation, LogState state, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata, CancellationToken cancel)
    {
        (LogOperationKind kind, int a, int b, int twist) = operation;
        Term term = twist switch { 0 => new Term(Math.Max(1, state.Lease.Term.Value) - 1), 1 => state.Lease.Term.Next, _ => state.Lease.Term };
        Position previous = twist switch
        {
            2 => _positions[a % _positions.Count],
            3 => new Position(state.Head.Number, new Chain(SeededPayload.Of((ulong)a, Chain.Size))),
            4 => new Position(state.Head.Number.Next, state.Head.Chain),
            _ => state.Head.Position,
        };
        bool stages = capabilities.LargestEvent > capabilities.LargestFragment;
        switch (kind)
        {
            case LogOperationKind.Append:
                _last = LogSession.Build(term, previous, [.. Enumerable.Range(0, 1 + (b % 3)).Select(i => SeededPayload.Of(++_seed, (a * (i + 1)) % 60))]);
                Append append = _last;
                return _again = log => AppendAsync(log, append, cancel);
            case LogOperationKind.AppendAgain when _again is not null:
                return _again;
            case LogOperationKind.Abandon when stages:
                ulong at = Math.Max(1, state.Head.Number.Value + 1 + (ulong)(a % 3) - (twist < 5 ? 1UL : 0));
                Stage abandoned = new(term, new EventNumber(at), 1 + (b % 2), Fragments(1 + (b % 3)));
                return async log => $"{await log.StageAsync(abandoned, cancel)}";
            case LogOperationKind.AppendStaged when stages:
                return _again = MeanStaged(term, previous, fragments: 1 + (b % 3), cancel);
            case LogOperationKind.Campaign:
                Lease expected = twist switch
                {
                    0 => _before,
                    1 => state.Lease with { Renewals = state.Lease.Renewals + 1 },
                    2 => state.Lease with { Duration = state.Lease.Duration + TimeSpan.FromSeconds(1) },
                    _ => state.Lease,
                };
                return async log => $"{await log.CampaignAsync(expected, Candidates[a % 2], TimeSpan.FromMilliseconds(1 + b), cancel)}";
            case LogOperationKind.Renew:
                return async log => $"{await log.RenewAsync(twist switch { 0 => _before, 1 => state.Lease with { Holder = "three" }, _ => state.Lease }, cancel)}";
            case LogOperationKind.Resign:
                return async log => $"{await log.ResignAsync(twist switch { 0 => _before, 1 => state.Lease with { Holder = "three" }, _ => state.Lease }, cancel)}";
            case LogOperationKind.SetMetadata:
                string key = Keys[a % Keys.Length];
                ReadOnlyMemory<byte>? now = metadata.TryGetValue(key, out ReadOnlyMemory<byte> found) ? found : (ReadOnlyMemory<byte>?)null;
                ReadOnlyMemory<byte>? compared = twist < 5 ? Values[b % Values.Length] : now;
                ReadOnlyMemory<byte> value = Values[1 + (b / 4 % 3)]!.Value;
                return async log => $"{await log.SetMetadataAsync(term, key, compared, value, cancel)}";
            case LogOperationKind.Trim:
                EventNumber first = new(Math.Max(1, state.Base.Number.Value + ((ulong)a % (state.Count + 4))));
                return async log => $"{await log.TrimAsync(term, first, cancel)}";
            case LogOperationKind.ReadChain:
                return async log => $"{await log.ReadChainAsync(new EventNumber((ulong)a % (state.Head.Number.Value + 3)), cancel)}";
            default:
                EventNumber from = new((ulong)a % (state.Head.Number.Value + 2));
                return log => ReadAsync(log, state, from, from + ((ulong)b % 5), cancel);
        }
    }

    private Func<IStoredLog, Task<string>> MeanStaged(Term term, Position previous, int fragments, CancellationToken cancel)
    {
        byte[] payload = SeededPayload.Of(++_seed, ((fragments + 1) * StagedFragment) - 3);
        StagedEvent staged = new(previous.Number.Next, previous, payload, StagedFragment);
        _last = staged.Append(term);
        return async log =>
        {
            WriteOutcome outcome = await log.StageAsync(staged.Stage(term, 1, fragments), cancel);
            return outcome is WriteOutcome.Committed ? $"staged, {await log.AppendAsync(staged.Append(term), cancel)}" : $"{outcome}";
        };
    }

    private ReadOnlyMemory<byte>[] Fragments(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (ReadOnlyMemory<byte>)SeededPayload.Of(++_seed, StagedFragment))];

    private static async Task<string> AppendAsync(IStoredLog log, Append append, CancellationToken cancel) => $"{await log.AppendAsync(append, cancel)}";

    private async Task<string> ReadAsync(IStoredLog log, LogState state, EventNumber from, EventNumber to, CancellationToken cancel)
    {
        List<string> events = [];
        await foreach (Event read in new EventLog(log, capabilities).ReadAsync(state, from, to, cancel))
            events.Add($"{read.Number}:{Convert.ToHexStringLower(SHA256.HashData(read.Payload.Span))[..12]}:{read.Chain}");
        return string.Join(' ', events);
    }

    private static async Task<string> MetadataAsync(IStoredLog log, CancellationToken cancel)
    {
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> metadata = await log.ReadMetadataAsync(cancel);
        return string.Join(' ', metadata.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => $"{p.Key}={Convert.ToHexStringLower(p.Value.Span)}"));
    }

    private static async Task<string> SayAsync(Func<IStoredLog, Task<string>> act, IStoredLog log)
    {
        try
        {
            return await act(log);
        }
        catch (SeguroException e)
        {
            return e.CodeText;
        }
    }

    private static void Same(string what, string expected, string actual)
    {
        if (expected != actual)
            throw new InvalidOperationException($"{what}: the model says\n  {expected}\nand the store says\n  {actual}");
    }
}
