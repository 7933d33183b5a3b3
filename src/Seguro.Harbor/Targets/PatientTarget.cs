using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Harbor.Targets;

/// <summary>
/// A target whose calls hold a thread and can't be ended, such as a folder of a file server that is gone: a call that takes too long, or that nobody
/// wants any more, is left where it is.
/// </summary>
/// <remarks>While one that was left still hangs, nothing else is asked: so no more threads are lost than calls were under way at once.</remarks>
/// <param name="inner">The target. Disposed of with this one.</param>
/// <param name="patience">For a call; more for bodies that are put, by their lengths; of a list, for each entry.</param>
/// <param name="bringsAll">A get of a whole object, and a list, bring all of it before they return, in steps that have a limit of their own: here they have none.</param>
internal sealed class PatientTarget(IHarborTarget inner, TimeSpan patience, bool bringsAll = false) : IHarborTarget
{
    private const double SlowestBytesPerSecond = 32 << 10;
    private int _left;

    /// <summary>For a call, where nothing else is said.</summary>
    public static TimeSpan Usual { get; } = TimeSpan.FromSeconds(60);

    public string Name => inner.Name;

    public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) =>
        AskAsync($"put {name}", patience + TimeSpan.FromSeconds(content.Length / SlowestBytesPerSecond),
        (limit, _) => inner.PutAsync(name, content, limit), cancel);

    public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => AskAsync($"get {name}", length is null ? Whole : patience, async (limit, _) =>
    {
        Stream source = await inner.GetAsync(name, length, limit);
        if (length is not { } bytes)
            return source;
        await using (source)
        {
            byte[] head = new byte[bytes]; // a head, which is read here: its reader has no limit
            return new MemoryStream(head, 0, await source.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, limit));
        }
    }, cancel);

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        List<TargetObject> all = await AskAsync($"list {folder}", Whole, async (limit, goesOn) =>
        {
            List<TargetObject> found = [];
            await foreach (TargetObject one in inner.ListAsync(folder, limit))
            {
                found.Add(one);
                goesOn();
            }
            return found;
        }, cancel);
        foreach (TargetObject one in all)
            yield return one;
    }

    public Task DeleteAsync(string name, CancellationToken cancel) => AskAsync($"delete {name}", patience, async (limit, _) =>
    {
        await inner.DeleteAsync(name, limit);
        return true;
    }, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private TimeSpan Whole => bringsAll ? Timeout.InfiniteTimeSpan : patience;

    private async Task<T> AskAsync<T>(string what, TimeSpan within, Func<CancellationToken, Action, Task<T>> ask, CancellationToken cancel)
    {
        if (Volatile.Read(ref _left) > 0)
            throw Silent($"{what}: it has still not answered what it was asked before");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(within);
        CancellationToken ends = limit.Token;
        Task<T> asked = Task.Run(() => ask(ends, GoesOn), CancellationToken.None);
        try
        {
            return await asked.WaitAsync(ends);
        }
        catch (OperationCanceledException)
        {
            if (!asked.IsCompleted)
            {
                Interlocked.Increment(ref _left);
                _ = asked.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            cancel.ThrowIfCancellationRequested();
            throw Silent($"{what}: there was no answer in time");
        }

        void GoesOn()
        {
            if (!ends.IsCancellationRequested)
                limit.CancelAfter(within);
        }
    }

    private void Ended<T>(Task<T> left)
    {
        Interlocked.Decrement(ref _left);
        if (left.IsCompletedSuccessfully)
            (left.Result as IDisposable)?.Dispose();
        else
            _ = left.Exception; // nobody is there to hear of it
    }

    private SeguroException Silent(string why) =>
        new(ErrorCode.HarborUnavailable, $"{Name}: {why}", "See that its disk, or the file server that it is mounted from, answers: `ls` in that folder hangs, too, where it does not.");
}
