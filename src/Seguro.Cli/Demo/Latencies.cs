namespace Seguro.Cli.Demo;

/// <summary>How long a client waited, question by question.</summary>
internal sealed class Latencies
{
    private readonly List<TimeSpan> _all = [];

    public int Count => _all.Count;

    public void Add(TimeSpan latency) => _all.Add(latency);

    /// <summary>The latency that this part of the questions did not exceed, in milliseconds.</summary>
    public double At(double part)
    {
        TimeSpan[] sorted = [.. _all.Order()];
        return sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))].TotalMilliseconds;
    }

    public override string ToString() => $"{At(0.5):0.0} ms in the middle, {At(0.99):0.0} ms at 99 %";
}
