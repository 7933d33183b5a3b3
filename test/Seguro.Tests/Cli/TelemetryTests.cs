using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Tests.Node.Configuration;
using Xunit;

namespace Seguro.Tests.Cli;

/// <summary>What a collector gets by OTLP. The environment is the process's, so nothing else runs beside these.</summary>
[Collection(EnvironmentTests.Name)]
public sealed class TelemetryTests : IDisposable
{
    private readonly Dictionary<string, string?> _before = new(StringComparer.Ordinal);

    [Fact]
    public void Without_a_collector_there_is_none()
    {
        Set("OTEL_EXPORTER_OTLP_ENDPOINT", null);
        Assert.Null(Telemetry.Start("m1"));
    }

    [Fact]
    public void What_is_no_url_is_said()
    {
        Set("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
        Assert.Equal(ErrorCode.BadValue, Assert.Throws<SeguroException>(static () => Telemetry.Start("m1")).Code);
    }

    [Fact]
    public async Task A_collector_gets_the_metrics_and_one_trace_of_a_hundred()
    {
        string endpoint = $"http://127.0.0.1:{FreePort.Next()}";
        using HttpListener collector = new();
        collector.Prefixes.Add(endpoint + "/");
        collector.Start();
        ConcurrentDictionary<string, string> got = new(StringComparer.Ordinal);
        Task collecting = CollectAsync(collector, got);
        Set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        Set("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        Set("OTEL_TRACES_SAMPLER", null);
        using (Meter meter = new("Seguro.Tests.Telemetry"))
        using (ActivitySource source = new("Seguro.Tests.Telemetry"))
        using (Telemetry telemetry = Telemetry.Start("m1", ("ship", "~zod"))!)
        {
            meter.CreateCounter<long>("seguro.tests.things").Add(1);
            Trace(source, "first of a hundred", "00000000000000000000000000000001");
            Trace(source, "last of a hundred", "7fffffffffffffff7fffffffffffffff");
        }
        collector.Stop();
        await collecting;
        Assert.Contains("seguro.tests.things", got["/v1/metrics"], StringComparison.Ordinal);
        Assert.Contains("first of a hundred", got["/v1/traces"], StringComparison.Ordinal);
        Assert.DoesNotContain("last of a hundred", got["/v1/traces"], StringComparison.Ordinal);
        Assert.All(got.Values, static body => Assert.Contains("~zod", body, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
            Environment.SetEnvironmentVariable(name, value);
    }

    private static void Trace(ActivitySource source, string name, string id) =>
        source.StartActivity(name, ActivityKind.Internal, new ActivityContext(ActivityTraceId.CreateFromString(id), default, ActivityTraceFlags.None))?.Stop();

    private static async Task CollectAsync(HttpListener collector, ConcurrentDictionary<string, string> got)
    {
        while (collector.IsListening)
        {
            try
            {
                HttpListenerContext asked = await collector.GetContextAsync();
                using MemoryStream body = new();
                await asked.Request.InputStream.CopyToAsync(body, TestContext.Current.CancellationToken);
                got.AddOrUpdate(asked.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray()), (_, before) => before + Encoding.Latin1.GetString(body.ToArray()));
                asked.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // it was stopped
            }
        }
    }

    private void Set(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}
