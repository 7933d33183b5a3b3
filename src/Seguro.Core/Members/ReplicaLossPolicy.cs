namespace Seguro.Core;

/// <summary>What happens to effects while fewer replicas are healthy than the optimism asks for.</summary>
public enum ReplicaLossPolicy
{
    /// <summary>They wait, and the user is warned.</summary>
    Wait,
    /// <summary>Those replicas that are left are enough; each such release is marked. The commit in the store is still waited for.</summary>
    Degrade,
}
