using System.Runtime.CompilerServices;
using Seguro.Core;

namespace Seguro.Tests.Node.Members;

/// <summary>Holds back the store's answer to the next call of a kind that some member makes, also where the caller does not want it any more.</summary>
sealed class HeldAnswers
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<string> _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _kind;

    /// <summary>Ends once a call is held.</summary>
    public Task Held => _held.Task;

    /// <summary>Ends once its answer was given.</summary>
    public Task Answered => _answered.Task;

    /// <summary>Holds the next call of this kind.</summary>
    public void Hold(string kind)
    {
        lock (_gate)
            _kind = kind;
    }

    /// <summary>The answer comes.</summary>
    public void LetGo() => _letGo.TrySetResult();

    /// <summary>A member's view of a log.</summary>
    public IStoredLog Between(IStoredLog log) => new Log(this, log);

    private async ValueTask<T> AnswerAsync<T>(ValueTask<T> call, [CallerMemberName] string kind = "")
    {
        lock (_gate)
        {
            if (_kind != kind)
                kind = "";
            else
                _kind = null;
        }
        T answer = await call;
        if (kind.Length == 0)
            return answer;
        _held.TrySetResult(kind);
        await _letGo.Task;
        _answered.TrySetResult();
        return answer;
    }

    private sealed class Log(HeldAnswers held, IStoredLog inner) : IStoredLog
    {
        public Ship Ship => inner.Ship;

        public ValueTask<LogState> ReadStateAsync(CancellationToken cancel) => inner.ReadStateAsync(cancel);

        public ValueTask<Lease> ObserveLeaseAsync(CancellationToken cancel) => inner.ObserveLeaseAsync(cancel);

        public IAsyncEnumerable<StoredFragment> ReadAsync(EventNumber from, EventNumber to, CancellationToken cancel) => inner.ReadAsync(from, to, cancel);

        public ValueTask<Chain?> ReadChainAsync(EventNumber number, CancellationToken cancel) => inner.ReadChainAsync(number, cancel);

        public ValueTask<WriteOutcome> AppendAsync(Append append, CancellationToken cancel) => held.AnswerAsync(inner.AppendAsync(append, cancel));

        public ValueTask<WriteOutcome> StageAsync(Stage stage, CancellationToken cancel) => inner.StageAsync(stage, cancel);

        public ValueTask<LeaseOutcome> CampaignAsync(Lease expected, string candidate, TimeSpan duration, CancellationToken cancel) =>
            inner.CampaignAsync(expected, candidate, duration, cancel);

        public ValueTask<LeaseOutcome> RenewAsync(Lease lease, CancellationToken cancel) => held.AnswerAsync(inner.RenewAsync(lease, cancel));

        public ValueTask<LeaseOutcome> ResignAsync(Lease lease, CancellationToken cancel) => held.AnswerAsync(inner.ResignAsync(lease, cancel));

        public ValueTask<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> ReadMetadataAsync(CancellationToken cancel) => inner.ReadMetadataAsync(cancel);

        public ValueTask<WriteOutcome> SetMetadataAsync(Term term, string key, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> value, CancellationToken cancel) =>
            held.AnswerAsync(inner.SetMetadataAsync(term, key, expected, value, cancel));

        public ValueTask<WriteOutcome> TrimAsync(Term term, EventNumber first, CancellationToken cancel) => held.AnswerAsync(inner.TrimAsync(term, first, cancel));

        public ValueTask WaitPastAsync(EventNumber number, CancellationToken cancel) => inner.WaitPastAsync(number, cancel);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
