using System.Globalization;
using System.Text;

namespace Seguro.Core;

/// <summary>How many replicas must have processed an event before its effects are released, and what happens when there are too few.</summary>
/// <param name="Replicas">
/// 0: durable in the master's own local log is enough; the store runs beside. k ≥ 1: committed in the store, and processed by at least k replicas.
/// </param>
/// <param name="OnReplicaLoss">What happens while fewer than that are healthy.</param>
public readonly record struct Optimism(int Replicas, ReplicaLossPolicy OnReplicaLoss)
{
    /// <summary>The most members that a cluster may have.</summary>
    public const int MostMembers = 16;

    /// <summary>What a new cluster begins with: one replica, and effects wait.</summary>
    public static Optimism Default => new(1, ReplicaLossPolicy.Wait);

    /// <summary>Reads the form that the store keeps: <c>1 wait</c>, <c>2 degrade</c>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Optimism optimism)
    {
        optimism = default;
        string[] words = Encoding.ASCII.GetString(text).Split(' ');
        if (words.Length != 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int replicas) || replicas >= MostMembers)
            return false;
        ReplicaLossPolicy? policy = words[1] switch { "wait" => ReplicaLossPolicy.Wait, "degrade" => ReplicaLossPolicy.Degrade, _ => null };
        if (policy is null)
            return false;
        optimism = new Optimism(replicas, policy.Value);
        return true;
    }

    /// <summary>The form that the store keeps, in ASCII.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(ToString());

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Replicas} {(OnReplicaLoss is ReplicaLossPolicy.Wait ? "wait" : "degrade")}");
}
