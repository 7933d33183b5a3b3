using Seguro.Core;
using Seguro.Harbor.Targets;
using Seguro.HarborService;

namespace Seguro.Tests.HarborService;

/// <summary>What an instance says of itself.</summary>
public sealed class ServiceReportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_counts_what_it_did_and_says_what_is_wrong()
    {
        await using ServiceFixture fixture = await ServiceFixture.StartAsync();
        await using IHarborTarget target = fixture.Open();
        Assert.True(await target.PutAsync("a/e/1", new MemoryStream(new byte[1000]), Cancel));
        await using (Stream got = await target.GetAsync("a/e/1", null, Cancel))
            await got.CopyToAsync(Stream.Null, Cancel);
        await UntilAsync(() => fixture.Host.Report is { Answered: >= 2, BytesOut: 1000 }); // a request is counted behind its answer
        ServiceReport report = fixture.Host.Report;
        Assert.Equal((true, 1000L, 0L, 0L), (report.IsHealthy, report.BytesIn, report.Failed, report.AuditLost));
        Assert.Contains("expires in", Assert.Single(report.Warnings), StringComparison.Ordinal);
        Assert.Equal(fixture.Host.Address.ToString(), report.Listen);

        await using (IHarborTarget stranger = fixture.Open("nobody", "zod"))
            await Assert.ThrowsAsync<SeguroException>(() => stranger.PutAsync("a/e/1", new MemoryStream([1]), Cancel));
        await UntilAsync(() => fixture.Host.Report.Refused > report.Refused);
        Assert.True(fixture.Host.Report.IsHealthy);

        Directory.Delete(fixture["storage"], recursive: true);
        await Assert.ThrowsAsync<SeguroException>(() => target.PutAsync("a/e/2", new MemoryStream([1]), Cancel));
        await UntilAsync(() => fixture.Host.Report.Failed > 0);
        report = fixture.Host.Report;
        Assert.False(report.IsHealthy);
        Assert.Contains(report.Warnings, static warning => warning.StartsWith("The storage failed within the last minute: ", StringComparison.Ordinal));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
            await Task.Delay(5, limit.Token);
    }
}
