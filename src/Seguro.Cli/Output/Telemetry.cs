using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Seguro.Core;
using Seguro.Node.Links;

namespace Seguro.Cli.Output;

/// <summary>Metrics and traces of a service, pushed to a collector by OTLP, where OpenTelemetry's own variables of the environment ask for it.</summary>
/// <remarks>
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> turns it on; protocol, headers, timeouts and intervals are those of OpenTelemetry's specification. Queues are
/// bounded by the library: a collector that is away costs what
/// it was to get. In the end it is told the rest, for five seconds at most.
/// </remarks>
internal sealed class Telemetry : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Sampler = "OTEL_TRACES_SAMPLER";
    private const string Sources = "Seguro.*";
    private const double OfAll = 0.01;
    private const int Rest = 5_000; // milliseconds

    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    private Telemetry(ResourceBuilder resource)
    {
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Sources).AddOtlpExporter().Build();
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Sources).AddOtlpExporter();
        // Every event would be a trace.
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Sampler)))
            traces.SetSampler(new TraceIdRatioBasedSampler(OfAll));
        _traces = traces.Build();
    }

    /// <summary>Starts it, where the environment asks for it.</summary>
    /// <param name="instance">Tells services of one kind apart.</param>
    /// <param name="about">What each metric and trace is of.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.BadValue"/>: the endpoint is no URL.</exception>
    public static Telemetry? Start(string instance, params (string Name, string Value)[] about)
    {
        if (Environment.GetEnvironmentVariable(Endpoint) is not { Length: > 0 } endpoint)
            return null;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
            throw new SeguroException(ErrorCode.BadValue, $"{Endpoint} is no URL of a collector", "Write http://HOST:4317, or http://HOST:4318 with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.");
        return new Telemetry(ResourceBuilder.CreateDefault()
            .AddService("seguro", serviceVersion: MemberVersion.Own.Software, serviceInstanceId: instance, autoGenerateServiceInstanceId: false)
            .AddAttributes(about.Select(static one => new KeyValuePair<string, object>(one.Name, one.Value)))
            .AddEnvironmentVariableDetector());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // At the same time: a collector that is away costs the end five seconds, and not ten.
        Task.WaitAll(Task.Run(() => _traces.Shutdown(Rest)), Task.Run(() => _metrics.Shutdown(Rest)));
        _traces.Dispose();
        _metrics.Dispose();
    }
}
