using Seguro.Core;

namespace Seguro.Node.Admin;

/// <summary>An optimism in JSON: what <c>POST /optimism</c> asks for.</summary>
/// <param name="Replicas">How many replicas must have processed an event.</param>
/// <param name="OnReplicaLoss"><c>wait</c> or <c>degrade</c>; as it is where left out.</param>
public sealed record OptimismRequest(int Replicas, string? OnReplicaLoss)
{
    /// <summary>Makes one of the optimism in force.</summary>
    public static OptimismRequest Of(Optimism optimism) => new(optimism.Replicas, optimism.OnReplicaLoss is ReplicaLossPolicy.Wait ? "wait" : "degrade");
}
