using Microsoft.Extensions.Time.Testing;
using Seguro.Core;
using Seguro.Node.Startup;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Startup;

public sealed class StartWaitingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_waited_for_is_said_after_three_seconds_and_ever_more_seldom()
    {
        FakeTimeProvider time = new();
        List<string> told = [];
        TaskCompletionSource<int> answer = new();
        StartWaiting waiting = new(told.Add, time);
        Task<int> wait = waiting.ForAsync("the store", () => answer.Task, Cancel); // a step that itself is silent
        Assert.Equal("Waiting for the store.", waiting.Current);
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Empty(told);
        time.Advance(TimeSpan.FromSeconds(0.1));
        await Until.TrueAsync(() => told.Count == 1, "nothing was said after three seconds");
        Assert.Equal("Waiting for the store.", told[0]);
        time.Advance(TimeSpan.FromSeconds(9));
        await Until.TrueAsync(() => told.Count == 2, "nothing was said after twelve seconds");
        Assert.Equal("Waiting for the store. (For 12 s now.)", told[1]);
        for (int minute = 0; minute < 60; minute++)
            time.Advance(TimeSpan.FromMinutes(1));
        Assert.InRange(told.Count, 3, 18);
        answer.SetResult(7);
        Assert.Equal(7, await wait);
        Assert.Null(waiting.Current);
    }

    [Fact]
    public async Task What_is_away_is_tried_again_with_its_cause_in_the_text_and_other_errors_end_the_wait()
    {
        FakeTimeProvider time = new();
        List<string> told = [];
        StartWaiting waiting = new(told.Add, time);
        int tries = 0;
        Task<int> wait = waiting.ForAsync(
            "the store",
            () => Interlocked.Increment(ref tries) switch
            {
                < 20 => Task.FromException<int>(new SeguroException(ErrorCode.StoreUnavailable, $"try {tries} failed", "Wait.")),
                _ => Task.FromException<int>(new SeguroException(ErrorCode.AccessDenied, "no", "Ask.")),
            },
            Cancel);
        for (int quarter = 1; quarter < 14; quarter++)
        {
            int before = quarter;
            await Until.TrueAsync(() => Volatile.Read(ref tries) >= before, "it is not tried again");
            time.Advance(TimeSpan.FromMilliseconds(250));
        }
        await Until.TrueAsync(() => told.Count == 1, "nothing was said after three seconds");
        Assert.Matches("^Waiting for the store: try 1[0-9] failed[.]$", told[0]);
        while (!wait.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Yield();
        }
        Assert.Equal(ErrorCode.AccessDenied, (await Assert.ThrowsAsync<SeguroException>(() => wait)).Code);
    }
}
