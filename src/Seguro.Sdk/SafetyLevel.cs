namespace Seguro.Sdk;

/// <summary>How safe an event is, for <see cref="SeguroLog.WaitAsync"/>. By value.</summary>
public readonly record struct SafetyLevel
{
    private SafetyLevel(SafetyKind kind, int machines)
    {
        Kind = kind;
        Machines = machines;
    }

    /// <summary>Durable in the store, as <see cref="StoreFacts.CommitMeans"/> says. What a successful append has reached.</summary>
    public static SafetyLevel Committed => default;

    /// <summary>Its effects were released: the writer said so by <see cref="SeguroWriter.ReleaseAsync"/>, or a cluster's master did.</summary>
    public static SafetyLevel Released => new(SafetyKind.Released, 0);

    /// <summary>How many other machines must have processed it; 0 for the other levels.</summary>
    public int Machines { get; }

    internal SafetyKind Kind { get; }

    /// <summary>Committed, and at least so many machines other than this one have applied it (<see cref="SeguroLog.AcknowledgeAsync"/>).</summary>
    /// <param name="machines">At least 1.</param>
    public static SafetyLevel Processed(int machines)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(machines);
        return new SafetyLevel(SafetyKind.Processed, machines);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        SafetyKind.Processed => $"processed by {Machines}",
        SafetyKind.Released => "released",
        _ => "committed",
    };
}
