using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService.Owners;

namespace Seguro.HarborService.Audit;

/// <summary>
/// What was done with each owner's objects, kept beside them for ninety days. A removal is written down before it is done; the rest within a minute,
/// so that an instance that is killed loses no more.
/// </summary>
/// <remarks>For any thread. Bounded: where too much waits, what is added is only counted.</remarks>
internal sealed class AuditTrail(IHarborTarget storage, ServiceOptions options) : IAsyncDisposable
{
    /// <summary>For so long it is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    private const int MostLines = 200_000;
    private const int LinesOfOwner = 5_000;
    private readonly Lock _lock = new();
    private readonly string _instance = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
    private readonly CancellationTokenSource _ended = new();
    private readonly Dictionary<string, long> _trimmed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pending> _pending = new(StringComparer.Ordinal);
    private int _lines;
    private int _sequence;
    private Task _writing = Task.CompletedTask;

    /// <summary>Entries that could not be kept.</summary>
    public long Lost { get; private set; }

    /// <summary>Begins to write what comes.</summary>
    public void Start() => _writing = WriteAsync();

    /// <summary>Notes something.</summary>
    /// <param name="owner">Whose.</param>
    /// <param name="kind">What.</param>
    /// <param name="name">The object.</param>
    /// <param name="bytes">How many bytes went.</param>
    /// <param name="each">It has a line of its own; otherwise it is added to others of its kind.</param>
    public void Add(string owner, AuditKind kind, string name, long bytes, bool each)
    {
        lock (_lock)
        {
            if (!_pending.TryGetValue(owner, out Pending? pending))
                _pending[owner] = pending = new Pending();
            bool isFull = _lines >= MostLines || pending.Lines.Count >= LinesOfOwner;
            DateTimeOffset now = options.Time.GetUtcNow();
            if (each && !isFull)
            {
                pending.Lines.Add(kind.Line(now, name, 1, bytes));
                _lines++;
            }
            else if (pending.Sums.TryGetValue(kind, out (DateTimeOffset First, string Name, long Count, long Bytes) sum))
            {
                pending.Sums[kind] = (sum.First, name, sum.Count + 1, sum.Bytes + bytes);
            }
            else if (!isFull)
            {
                pending.Sums[kind] = (now, name, 1, bytes);
                _lines++;
            }
            else
            {
                Lost++;
            }
        }
    }

    /// <summary>Writes a removal down, before it is done, under a name that only this request can make: so no instance does it a second time.</summary>
    /// <returns><see langword="false"/>: it was done already.</returns>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public Task<bool> TryBeginAsync(string owner, AuditKind kind, SignedRequest request, string name, CancellationToken cancel) => storage.PutAsync(
        $"{NameAt(OwnerRegistry.RemovalsOf(owner), request.Time)}-d{request.Nonce}", new MemoryStream(Encoding.UTF8.GetBytes(kind.Line(options.Time.GetUtcNow(), name, 1, 0))), cancel);

    /// <summary>All that is kept of an owner, the oldest first: of this instance to this moment, of others to their last writing.</summary>
    /// <exception cref="SeguroException">What the storage throws.</exception>
    public async IAsyncEnumerable<string> ReadAsync(string owner, [EnumeratorCancellation] CancellationToken cancel)
    {
        await FlushAsync(owner);
        await foreach (TargetObject one in ListAsync(owner, cancel))
        {
            await using Stream source = await storage.GetAsync(one.Name, null, cancel);
            using StreamReader lines = new(source);
            while (await lines.ReadLineAsync(cancel) is { } line)
                yield return line;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _writing;
        await FlushAllAsync();
        _ended.Dispose();
    }

    private async Task WriteAsync()
    {
        try
        {
            using PeriodicTimer timer = new(options.AuditAge, options.Time);
            while (await timer.WaitForNextTickAsync(_ended.Token))
                await FlushAllAsync();
        }
        catch (OperationCanceledException)
        {
            // The service ends; what waits is written by who ends it.
        }
    }

    private async Task FlushAllAsync()
    {
        string[] owners;
        lock (_lock)
            owners = [.. _pending.Keys];
        const int AtOnce = 8;
        await Parallel.ForEachAsync(owners, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = CancellationToken.None }, async (owner, _) => await FlushAsync(owner));
    }

    private async Task FlushAsync(string owner)
    {
        Pending? pending;
        lock (_lock)
        {
            if (!_pending.Remove(owner, out pending))
                return;
            _lines -= pending.Lines.Count + pending.Sums.Count;
        }
        string text = string.Concat(pending.Lines) + string.Concat(pending.Sums.Select(static sum => sum.Key.Line(sum.Value.First, sum.Value.Name, sum.Value.Count, sum.Value.Bytes)));
        try
        {
            await storage.PutAsync(
                $"{NameAt(OwnerRegistry.AuditOf(owner), options.Time.GetUtcNow().ToUnixTimeMilliseconds())}-{_instance}{Interlocked.Increment(ref _sequence):x6}", new MemoryStream(Encoding.UTF8.GetBytes(text)), _ended.IsCancellationRequested ? CancellationToken.None : _ended.Token);
            if (!_ended.IsCancellationRequested)
                await TrimAsync(owner);
        }
        catch (Exception failed)
        {
            // Whatever it is: the next flush must come.
            lock (_lock)
                Lost += pending.Lines.Count + pending.Sums.Count;
            options.Tell(true, $"{pending.Lines.Count + pending.Sums.Count} entries of {owner}'s audit could not be kept: {failed.Message}.");
        }
    }

    /// <summary>Removes what is older than it need be, once a day for each owner who is here.</summary>
    private async Task TrimAsync(string owner)
    {
        const int MostOwners = 65_536;
        long now = options.Time.GetTimestamp();
        lock (_lock)
        {
            if (_trimmed.TryGetValue(owner, out long at) && options.Time.GetElapsedTime(at, now) < TimeSpan.FromDays(1))
                return;
            if (_trimmed.Count >= MostOwners)
                _trimmed.Clear();
            _trimmed[owner] = now;
        }
        foreach (string folder in new[] { OwnerRegistry.AuditOf(owner), OwnerRegistry.RemovalsOf(owner) })
        {
            string last = NameAt(folder, (options.Time.GetUtcNow() - Kept).ToUnixTimeMilliseconds());
            await foreach (TargetObject one in storage.ListAsync(folder, _ended.Token).TakeWhile(one => string.CompareOrdinal(one.Name, last) < 0))
                await storage.DeleteAsync(one.Name, _ended.Token);
        }
    }

    /// <summary>The objects of both folders, by time.</summary>
    private async IAsyncEnumerable<TargetObject> ListAsync(string owner, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using IAsyncEnumerator<TargetObject> others = storage.ListAsync(OwnerRegistry.AuditOf(owner), cancel).GetAsyncEnumerator(cancel);
        bool hasOther = await others.MoveNextAsync();
        await foreach (TargetObject removal in storage.ListAsync(OwnerRegistry.RemovalsOf(owner), cancel))
        {
            for (; hasOther && string.CompareOrdinal(TimeOf(others.Current), TimeOf(removal)) <= 0; hasOther = await others.MoveNextAsync())
                yield return others.Current;
            yield return removal;
        }
        for (; hasOther; hasOther = await others.MoveNextAsync())
            yield return others.Current;

        static string TimeOf(TargetObject one) => one.Name[(one.Name.LastIndexOf('/') + 1)..];
    }

    /// <summary>What names begin with: by time, in the order of their bytes.</summary>
    private static string NameAt(string folder, long milliseconds) => string.Create(CultureInfo.InvariantCulture, $"{folder}/{milliseconds:D14}");

    private sealed class Pending
    {
        public List<string> Lines { get; } = [];
        public Dictionary<AuditKind, (DateTimeOffset First, string Name, long Count, long Bytes)> Sums { get; } = [];
    }
}
