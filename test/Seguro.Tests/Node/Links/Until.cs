namespace Seguro.Tests.Node.Links;

/// <summary>Waits for what other threads bring about, with a deadline that only a fault reaches.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string otherwise)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Deadline);
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                Assert.Fail(otherwise);
            await Task.Delay(5, CancellationToken.None);
        }
    }
}
