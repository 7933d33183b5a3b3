using System.Net;
using Seguro.Node.Admin;
using Seguro.Node.Dashboard;

namespace Seguro.Tests.Node.Dashboard;

/// <summary>The page of a process that is no member.</summary>
public sealed class ServicePageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_at_the_root_with_its_style_and_what_it_shows_stays_text()
    {
        ServicePage page = new("Harbor <service>", IsHealthy: false, ["The disk of <b> is full."], [("Requests", [("refused", "12"), ("kept in", "file:/a&b")])]);
        await using MetricsServer server = await MetricsServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), static () => (false, "{}"u8.ToArray()), Cancel, () => page);
        using HttpClient client = new() { BaseAddress = new Uri(server.Url) };
        using HttpResponseMessage answer = await client.GetAsync("/", Cancel);
        Assert.Equal(("text/html", true), (answer.Content.Headers.ContentType!.MediaType, answer.Headers.GetValues("Content-Security-Policy").Single().StartsWith("default-src 'none'", StringComparison.Ordinal)));
        string html = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("<h1>Harbor &lt;service&gt; <span class=\"badge bad\">not healthy</span></h1>", html, StringComparison.Ordinal);
        Assert.Contains("The disk of &lt;b&gt; is full.", html, StringComparison.Ordinal);
        Assert.Contains("<dt>kept in</dt><dd>file:/a&amp;b</dd>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Contains("--ground", await client.GetStringAsync("/dashboard.css", Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Where_there_is_none_the_root_says_what_there_is()
    {
        await using MetricsServer server = await MetricsServer.StartAsync(new IPEndPoint(IPAddress.Loopback, 0), static () => (true, "{}"u8.ToArray()), Cancel);
        using HttpClient client = new() { BaseAddress = new Uri(server.Url) };
        using HttpResponseMessage answer = await client.GetAsync("/", Cancel);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("/metrics", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
