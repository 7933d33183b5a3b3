using Microsoft.Extensions.Time.Testing;
using Seguro.Node.Ships;
using Seguro.Tests.Node.Links;

namespace Seguro.Tests.Node.Ships;

public sealed class StartGateTests
{
    [Fact]
    public async Task So_many_start_at_a_time_and_one_that_takes_long_gives_up_its_place_and_goes_on()
    {
        FakeTimeProvider time = new();
        using StartGate gate = new(2, TimeSpan.FromSeconds(5), time);
        TaskCompletionSource[] ends = [new(), new(), new(), new()];
        int began = 0;
        Task[] starts = [.. ends.Select(end => gate.StartAsync(
            () =>
            {
                Interlocked.Increment(ref began);
                return end.Task;
            },
            TestContext.Current.CancellationToken))];
        Assert.Equal(2, began);
        ends[0].SetResult();
        await starts[0];
        await Until.TrueAsync(() => Volatile.Read(ref began) == 3, "an end made no room");
        time.Advance(TimeSpan.FromSeconds(5));
        await Until.TrueAsync(() => Volatile.Read(ref began) == 4, "one that takes long keeps its place");
        Assert.False(starts[1].IsCompleted);
        ends[1].SetException(new InvalidOperationException("it can't"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => starts[1]);
        ends[2].SetResult();
        ends[3].SetResult();
        await Task.WhenAll(starts[2], starts[3]);
    }
}
